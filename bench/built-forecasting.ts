import {existsSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

import type * as forecasting from '../src/lib/forecasting/index.js';

/** Forecasting as `npm run build` made it: threads run only what is JavaScript. Throws where it was not built. */
export async function builtForecasting(): Promise<typeof forecasting> {
  const file = path.join(import.meta.dirname, '..', 'dist', 'lib', 'forecasting', 'index.js');
  if (!existsSync(file)) throw new Error('dist is not there: npm run build first');
  // Not named literally: the types must be there where nothing has been built.
  return (await import(pathToFileURL(file).href)) as typeof forecasting;
}
