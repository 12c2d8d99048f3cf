import {InputError, nearestName} from '../../core/index.js';

/**
 * The volumes that a query asks for, each once and sorted; all that the store `has` when it names none.
 * Throws InputError for names that the store does not know, with the nearest that it does.
 */
export function chosenVolumes(
  asked: readonly string[] | undefined,
  has: readonly string[],
): readonly string[] {
  if (asked === undefined) return has;
  const wanted = [...new Set(asked)].sort();
  const known = new Set(has);
  const unknown = wanted.filter((name) => !known.has(name));
  if (unknown.length === 0) return wanted;
  throw unknownVolumes(unknown, has);
}

function unknownVolumes(unknown: readonly string[], has: readonly string[]): InputError {
  const faults = unknown.map((name) => {
    const nearest = nearestName(name, has);
    const advice = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
    return `no volume ${JSON.stringify(name)}${advice}`;
  });
  const hints = ['foreshadow store info --volumes'];
  const [only] = faults;
  if (faults.length === 1) return new InputError('unknown-volume', `the store has ${only ?? ''}`, {hints});
  return new InputError(
    'unknown-volume',
    `the store does not know ${faults.length} of the volumes asked for`,
    {
      diagnostics: faults.map((message) => ({severity: 'error', code: 'unknown-volume', message})),
      hints,
    },
  );
}
