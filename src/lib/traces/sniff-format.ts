import {InputError, nearestName, UsageError} from '../core/index.js';
import {REFUSED_FORMATS, refusalOf, refuseKnown} from './refused-formats.js';
import {TRACE_FORMATS} from './registry.js';
import type {TraceFormat} from './reading/trace-format.js';
import type {Sample} from './sample.js';

const FORMATS: readonly (readonly [string, TraceFormat])[] = Object.entries(TRACE_FORMATS);
const BINARY = /[^\P{Cc}\t]|\uFFFD/u;
const HOW_TO_NAME = `--format names it: ${Object.keys(TRACE_FORMATS).join(', ')}`;

/** A format and its name. */
export interface NamedFormat {
  readonly name: string;
  readonly format: TraceFormat;
}

/**
 * The format that `--format` names. Throws UsageError for a name that is none, InputError with the reason for one that
 * is refused.
 */
export function findFormat(name: string, source: string): NamedFormat {
  const found = FORMATS.find(([known]) => known === name);
  if (found) return {name, format: found[1]};
  const refused = Object.entries(REFUSED_FORMATS).find(([known]) => known === name);
  if (refused) throw refusalOf(name, refused[1], source);
  const nearest = nearestName(name, Object.keys(TRACE_FORMATS));
  throw new UsageError('unknown-format', `there is no format "${name}"`, {
    hints: [nearest === undefined ? HOW_TO_NAME : `--format ${nearest}`],
  });
}

/** The formats that the beginning of an input fits. */
export function fittingFormats(sample: Sample): readonly NamedFormat[] {
  return FORMATS.filter(([, format]) => fits(format, sample)).map(([name, format]) => ({name, format}));
}

function fits(format: TraceFormat, {lines, bytes}: Sample): boolean {
  return format.framing === 'records' ? format.fits(bytes) : format.fits(lines);
}

/**
 * The one format that the beginning fits. Throws InputError that shows what was seen when it is none, or several, and
 * that gives the reason when it is a log that is refused.
 */
export function sniffFormat(sample: Sample, source: string): NamedFormat {
  const {lines} = sample;
  const [only, ...others] = fittingFormats(sample);
  const seen = describeFirst(lines.find((line) => line.trim() !== '') ?? '');
  if (only === undefined) {
    refuseKnown(sample, source);
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
