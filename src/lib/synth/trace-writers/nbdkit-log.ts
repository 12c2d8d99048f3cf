import {putText, type TextBuffer} from '../text-buffer.js';
import {nothingAtTheEnd, type RowWriter, type TraceWriter, type WrittenVolume} from '../trace-writer.js';

const WORDS = ['Read', 'Write', 'Trim'];
const US_PER_SECOND = 1_000_000;
const HOUR_US = 3600 * US_PER_SECOND;
const WAIT_US = 90;
const BYTES_PER_US = 400;
const ABLE = ' write=1 flush=1 rotational=0 trim=1 zero=2 fua=2 extents=1 cache=2 fast_zero=1\n';
/** Keeps what one call writes within bounds; more than one a request, so that none pile up. */
const MOST_COMPLETIONS_A_ROW = 40;

interface Pending {
  readonly text: string;
  readonly doneUs: number;
}

/**
 * What nbdkit's log filter writes for one client: `DATE TIME connection=1 Write id=7 offset=0x0 count=0x1000 fua=0 ...`
 * and, when done, `DATE TIME connection=1 ...Write id=7 return=0`; hexadecimal bytes, times in UTC; the Connect line
 * names the volume (export) and its size.
 */
export const nbdkitLog: TraceWriter = {
  name: 'nbdkit-log',
  perVolume: true,
  trims: true,
  open: ([volume]) => (volume === undefined ? nothing : openLog(volume)),
};

const nothing: RowWriter = {begin: () => undefined, row: () => undefined, end: nothingAtTheEnd};

function openLog(volume: WrittenVolume): RowWriter {
  const stamp = createStamp();
  const pending: Pending[] = [];
  const size = volume.provisionedBytes.toString(16);
  let requests = 0;
  let lastUs = 0;
  const complete = (buffer: TextBuffer, untilUs: number): void => {
    for (let count = 0; count < MOST_COMPLETIONS_A_ROW; count += 1) {
      const done = pending[0];
      if (done === undefined || done.doneUs > untilUs) return;
      pending.shift();
      lastUs = Math.max(lastUs, done.doneUs);
      putText(buffer, `${stamp(lastUs)} ${done.text}`);
    }
  };
  return {
    begin: () => undefined,
    row: (buffer, batch, row) => {
      const atUs = batch.atUs[row] ?? 0;
      const length = batch.lengthBytes[row] ?? 0;
      const word = WORDS[batch.op[row] ?? 0] ?? '';
      if (requests === 0) {
        putText(
          buffer,
          `${stamp(atUs - 1000)} connection=1 Connect export=${volume.id} tls=0 size=0x${size}${ABLE}`,
        );
      }
      complete(buffer, atUs);
      requests += 1;
      lastUs = atUs;
      const place = `offset=0x${(batch.offsetBytes[row] ?? 0).toString(16)} count=0x${length.toString(16)}`;
      const how = word === 'Read' ? '' : ' fua=0';
      putText(buffer, `${stamp(atUs)} connection=1 ${word} id=${requests} ${place}${how} ...\n`);
      pending.push({
        text: `connection=1 ...${word} id=${requests} return=0\n`,
        doneUs: doneUs(atUs, length),
      });
    },
    end: (buffer) => {
      complete(buffer, Infinity);
      if (pending.length > 0) return 'more';
      if (requests > 0)
        putText(buffer, `${stamp(lastUs + 1)} connection=1 Disconnect transactions=${requests}\n`);
      return 'done';
    },
  };
}

/** A request is done in the hour in which it began: the truth file then holds for readers that take either time. */
function doneUs(atUs: number, lengthBytes: number): number {
  const lastOfHourUs = Math.floor(atUs / HOUR_US) * HOUR_US + HOUR_US - 1;
  return Math.min(lastOfHourUs, atUs + WAIT_US + Math.floor(lengthBytes / BYTES_PER_US));
}

/** `2026-11-23 01:02:03.000004`; the text of the second is kept, since many requests share it. */
function createStamp(): (atUs: number) => string {
  let keptSecond = Number.NaN;
  let text = '';
  return (atUs) => {
    const second = Math.floor(atUs / US_PER_SECOND);
    if (second !== keptSecond) {
      keptSecond = second;
      text = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    }
    return `${text}.${String(atUs - second * US_PER_SECOND).padStart(6, '0')}`;
  };
}
