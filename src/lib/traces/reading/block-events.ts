import {OP} from './request-batch.js';
import {BYTE, type RowCursor} from './row-cursor.js';
import type {FormatOptions, Readings} from './trace-format.js';

/**
 * The stage of a request that is counted, of the several that the kernel's block layer logs: as it is queued, issued to
 * the device, or completed by it. Counting more than one would count its bytes twice.
 */
export type BlockAction = NonNullable<Readings['action']>;

export const DEFAULT_ACTION: BlockAction = 'Q';

/** The name of a block device as blkparse prints it, `8,16`. */
export function deviceName(major: number, minor: number): string {
  return `${major},${minor}`;
}

/** What to say of an input that has other actions and not the one that is counted; undefined when it has that. */
export function missingAction(
  wanted: BlockAction,
  seen: Readonly<Record<BlockAction, number>>,
): string | undefined {
  const others = Object.entries(seen).filter(([, count]) => count > 0);
  if (seen[wanted] > 0 || others.length === 0) return undefined;
  const list = others.map(([action, count]) => `${action} (${count})`).join(', ');
  return `none is of action ${wanted}; there are ${list}: --action says which to count`;
}

/** The action to count of a text: the one told, else the first of Q, C, D that its first lines hold. */
export function chooseAction(told: BlockAction | undefined, seen: readonly string[]): BlockAction {
  const preferred: readonly BlockAction[] = ['Q', 'C', 'D'];
  return told ?? preferred.find((action) => seen.includes(action)) ?? DEFAULT_ACTION;
}

const STAGES: Readonly<Record<BlockAction, string>> = {Q: 'queued', D: 'issued', C: 'completed'};

/** What to say of the actions of an input. */
export function actionRemarks(
  counted: BlockAction,
  seen: Readonly<Record<BlockAction, number>>,
): readonly string[] {
  const list = Object.entries(seen).map(([action, count]) => `${action} ${count}`);
  const missing = missingAction(counted, seen);
  return [
    `requests are counted as they are ${STAGES[counted]} (${counted}); there are ${list.join(', ')}`,
    ...(missing === undefined ? [] : [missing]),
  ];
}

/** The numbers of volumes by device. */
export interface DeviceVolumes {
  /** -1, with the cursor's reason set, for a second device when --volume names one. */
  find(cursor: RowCursor, major: number, minor: number): number;
  remarks(): readonly string[];
}

/** Devices are called `major,minor`; --volume gives the only one another name. */
export function createDeviceVolumes({indexOfVolume, toldVolume}: FormatOptions): DeviceVolumes {
  const volumes = new Map<number, number>();
  const names: string[] = [];
  return {
    find: (cursor, major, minor) => {
      const device = major * 2 ** 20 + minor;
      const known = volumes.get(device);
      if (known !== undefined) return known;
      const name = deviceName(major, minor);
      if (toldVolume !== undefined && names.length > 0) {
        cursor.fail(`device ${name} is another than ${names[0] ?? ''}, and --volume names only one`);
        return -1;
      }
      const volume = indexOfVolume(toldVolume ?? name);
      volumes.set(device, volume);
      names.push(name);
      return volume;
    },
    remarks: () =>
      names.length > 1
        ? [`requests that pass from one device to another are counted in each of ${names.join(' ')}`]
        : [],
  };
}

/** What takeRwbs says of a request without data, and of what is none of the kernel's. */
export const NO_DATA = 254;
export const NOT_RWBS = 255;

const LETTER = {A: 65, D: 68, F: 70, N: 78, R: 82, W: 87, Z: 90} as const;

/**
 * Takes what the kernel prints of a request's kind (blk_fill_rwbs): maybe F for a flush before it; R, W, D discard, F
 * flush or N none; and letters that say more. Returns the op, NO_DATA or NOT_RWBS.
 */
export function takeRwbs(cursor: RowCursor): number {
  const {bytes} = cursor;
  const start = cursor.at;
  while (isLetter(bytes[cursor.at])) cursor.at += 1;
  if (cursor.at === start) return NOT_RWBS;
  return opOfLetters(bytes[start], bytes[start + 1]);
}

/** The same of a text. */
export function opOfRwbs(kind: string): number {
  return opOfLetters(kind.charCodeAt(0), kind.charCodeAt(1));
}

function opOfLetters(first: number | undefined, second: number | undefined): number {
  if (first !== LETTER.F) return opOfLetter(first);
  const after = opOfLetter(second);
  return after === NO_DATA || after === NOT_RWBS ? OP.flush : after;
}

function opOfLetter(letter: number | undefined): number {
  if (letter === LETTER.R) return OP.read;
  if (letter === LETTER.W) return OP.write;
  if (letter === LETTER.D) return OP.trim;
  return letter === LETTER.N ? NO_DATA : NOT_RWBS;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= LETTER.A && byte <= LETTER.Z;
}

/** Moves to the next line. */
export function skipLine(cursor: RowCursor): void {
  cursor.at = cursor.bytes.indexOf(BYTE.newline, cursor.at) + 1;
}
