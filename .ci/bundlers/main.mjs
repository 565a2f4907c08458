import { report } from './app.mjs';

// Not by `await`, which no CommonJS has. That the process then ends by itself is part of what is tested.
report().then((line) => console.log(line));
