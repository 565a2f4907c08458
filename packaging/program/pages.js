// For the guides of `weightseal help`: node:fs, as far as they need it, over what build.mjs put in.
import { basename } from 'node:path';

export const fs = {
  readdirSync: () => GUIDES.split(' '),
  readFileSync: (url) =>
    process.getBuiltinModule('node:sea').getAsset(`guide/${basename(url.pathname)}`, 'utf8'),
};
