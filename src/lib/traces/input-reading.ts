import {invariant} from '../core/index.js';
import type {IngestedInput} from './activity.js';
import {InputRows, type TakeRows} from './aggregation/input-rows.js';
import {numberAs} from './aggregation/volume-numbers.js';
import {headOf} from './content-trail.js';
import {identitiesOf, type OpenedInput} from './open-input.js';
import type {RejectRow} from './reading/check-row.js';
import {createFeeder} from './reading/create-feeder.js';
import {createRequestBatch} from './reading/request-batch.js';
import {unitOf} from './reading/trace-format.js';

/** An input that was read to its end, with what the store does not keep of it. */
export interface ReadInput {
  readonly input: IngestedInput;
  readonly lines: number;
  /** Headers, protocol, further lines of rows with newlines in them. */
  readonly remarkLines: number;
  /** What people should know about it. */
  readonly remarks: readonly string[];
  /** Sizes that it told of volumes. */
  readonly provisioned: readonly (readonly [volume: string, bytes: number])[];
}

/** Where the rows of an input go. */
export interface RowsGo {
  /** The numbers that volumes have in batches. */
  readonly volumes: {readonly names: readonly string[]; readonly indexOf: (name: string) => number};
  readonly take: TakeRows;
  readonly reject: RejectRow;
  /** See CoverageTally. */
  readonly gapUs: number;
}

/** What the reading of an input tells of it; how many rows are late is for whoever adds them up to say. */
export type InputTold = Omit<ReadInput, 'input'> & {readonly input: Omit<IngestedInput, 'lateRows'>};

/** The reading of one input, a stretch at a time. */
export interface InputReading {
  readonly lines: number;
  /** Bytes read so far, as they are on disk. */
  readonly sizeBytes: number;
  /** Reads on; false at the end. Throws InputError when the input is damaged. */
  next(): Promise<boolean>;
  /** To be asked once, after the end. */
  told(): InputTold;
}

/** Begins to read an opened input. */
export function createInputReading(
  opened: OpenedInput,
  {volumes, take, reject, gapUs}: RowsGo,
): InputReading {
  const {name, chunks, tally} = opened;
  const unit = unitOf(opened.format);
  let rejectedRows = 0;
  const countReject: RejectRow = (line, reason, text) => {
    rejectedRows += 1;
    reject(line, reason, text);
  };
  const {skewUs} = opened.meaning;
  const rows = new InputRows({skewUs, gapUs, unit, names: volumes.names, take, reject: countReject});
  const batch = createRequestBatch();
  const provisioned = new Map<number, number>();
  const feeder = createFeeder(
    opened.format,
    {
      ...opened.formatOptions,
      indexOfVolume: numberAs(opened.nameOfVolume, volumes.indexOf),
      provisioned: (volume, bytes) => provisioned.set(volume, bytes),
    },
    {
      batch,
      time: opened.time,
      reject: countReject,
      onBatch: () => {
        rows.add(batch, textOf);
      },
    },
  );
  const textOf = (row: number): string => feeder.textOf(row);
  return {
    get lines() {
      return feeder.counts().lines;
    },
    get sizeBytes() {
      return tally.sizeBytes;
    },
    next: async () => {
      const chunk = await chunks.next();
      if (chunk.done === true) return false;
      feeder.feed(chunk.value);
      return true;
    },
    told: () => {
      const isTorn = feeder.pendingBytes() !== 0;
      feeder.finish();
      const activity = rows.end();
      const {lines, remarkLines, blankRows} = feeder.counts();
      const lostEvents = feeder.lostEvents?.() ?? 0;
      invariant(
        activity.rows + rejectedRows + blankRows + remarkLines === lines,
        `every ${unit} of ${name} is accounted for`,
      );
      const mark = {
        bytes: tally.contentBytes,
        ...headOf(opened.formatOptions.firstBytes),
        end: isTorn ? ('torn' as const) : ('settled' as const),
      };
      return {
        input: {
          ...{name, format: opened.meaning.format, sizeBytes: tally.sizeBytes},
          ...identitiesOf(opened),
          ...activity,
          ...{rejectedRows, blankRows, mark},
          ...(lostEvents > 0 ? {lostEvents} : {}),
        },
        ...{lines, remarkLines, remarks: feeder.remarks()},
        provisioned: [...provisioned].map(([volume, bytes]) => [volumes.names[volume] ?? '', bytes]),
      };
    },
  };
}
