import {InputError, nearestName, UsageError} from '../core/index.js';
import {TRACE_FORMATS} from './registry.js';
import type {TraceFormat} from './reading/trace-format.js';

const FORMATS: readonly (readonly [string, TraceFormat])[] = Object.entries(TRACE_FORMATS);
const BINARY = /[^\P{Cc}\t]|\uFFFD/u;
const HOW_TO_NAME = `--format names it: ${Object.keys(TRACE_FORMATS).join(', ')}`;

/** A format and its name. */
export interface NamedFormat {
  readonly name: string;
  readonly format: TraceFormat;
}

/** The format that `--format` names. Throws UsageError for a name that is none. */
export function findFormat(name: string): NamedFormat {
  const found = FORMATS.find(([known]) => known === name);
  if (found) return {name, format: found[1]};
  const nearest = nearestName(name, Object.keys(TRACE_FORMATS));
  throw new UsageError('unknown-format', `there is no format "${name}"`, {
    hints: [nearest === undefined ? HOW_TO_NAME : `--format ${nearest}`],
  });
}

/** The formats that the first lines fit. */
export function fittingFormats(lines: readonly string[]): readonly NamedFormat[] {
  return FORMATS.filter(([, format]) => format.fits(lines)).map(([name, format]) => ({name, format}));
}

/** The one format that the first lines fit. Throws InputError that shows what was seen when it is none, or several. */
export function sniffFormat(lines: readonly string[], source: string): NamedFormat {
  const [only, ...others] = fittingFormats(lines);
  const seen = describeFirst(lines.find((line) => line.trim() !== '') ?? '');
  if (only === undefined) {
    throw new InputError('unknown-format', `${source}: no known format begins with ${seen}`, {
      hints: [HOW_TO_NAME],
    });
  }
  if (others.length === 0) return only;
  const candidates = [only, ...others].map(({name}) => name).join(' or ');
  throw new InputError('ambiguous-format', `${source}: may be ${candidates}; it begins with ${seen}`, {
    hints: [HOW_TO_NAME],
  });
}

function describeFirst(line: string): string {
  return BINARY.test(line) ? 'binary data' : JSON.stringify(line.slice(0, 120));
}
