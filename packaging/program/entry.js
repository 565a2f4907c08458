// The start of the program: what packages/cli/src/bin.ts is for Node, without a compile cache, since the code comes compiled.
import { main } from '../../packages/cli/src/main.ts';
import { early } from '../../packages/cli/src/no-debugger.ts';

// Node puts the program's own path before its arguments a second time, and the options that are built in would be handed on.
process.argv.splice(1, 1);
process.execArgv = [];
main(process.argv.slice(1), early).then((code) => process.exit(code));
