import type {z} from 'zod';

import {type Diagnostic, TargetError} from '../../core/index.js';

/**
 * What a server answered, by its schema; `where` names the request. Throws TargetError that names every field which is
 * not as it must be, and never its value, which may be a secret.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, body: unknown, where: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const diagnostics = parsed.error.issues.map(({path, message}): Diagnostic => ({
    ...{severity: 'error', code: 'bad-field', message},
    at: path.map(String).join('.') || '(whole answer)',
  }));
  const first = diagnostics[0];
  throw new TargetError('unexpected-answer', `${where}: ${first?.at}: ${first?.message}`, {
    diagnostics,
    hints: ['the target may be of a version that is not known here, or another kind of server'],
  });
}
