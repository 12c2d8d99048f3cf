import {z} from 'zod';

import {InputError, parseWith} from '../../core/index.js';

const headerSchema = z.looseObject({schemaVersion: z.literal(1), command: z.string()});

/**
 * What of a document that a command printed with --json is shown. `source` is how errors call it. Throws InputError when
 * it is that of another command or version, or a field is not what it should be.
 */
export function parseCommandDocument<T>(
  data: unknown,
  source: string,
  {command, schema}: {readonly command: string; readonly schema: z.ZodType<T>},
): T {
  const header = parseWith(headerSchema, data, source);
  if (header.command === command) return parseWith(schema, data, source);
  throw new InputError(
    'wrong-document',
    `${source}: it is what "${header.command}" printed, not "${command}"`,
    {hints: [`foreshadow ${command} --json > ${command}.json`]},
  );
}
