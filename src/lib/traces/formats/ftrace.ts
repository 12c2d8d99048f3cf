/**
 * Block events in the text of the kernel's tracefs (`trace`, `trace_pipe`, `trace-cmd report`):
 *
 *               dd-27308   [001] .....  2737.336711: block_rq_issue: 254,0 RA 16384 () 29947720 + 32 be,0,4 [bash]
 *          python3-26525   [001] ..s..  2737.364384: block_rq_complete: 254,0 WS () 258134272 + 128 be,0,4 [0]
 *
 * task-pid, [cpu], flags (some kernels have none), seconds since boot, event, device, kind, bytes (of issue and insert
 * alone), (command), first sector + sectors of 512 bytes, I/O priority (not on older kernels), [task, or error of a
 * completion]. Task names may hold blanks and dashes. One event of a request is counted: block_bio_queue (Q),
 * block_rq_complete (C, without those that failed) or block_rq_issue (D), chosen as in blkparse. Other events and the
 * header are remarks; events that the kernel lost are told. Volumes as in blkparse. Source: include/trace/events/block.h.
 */
import {
  actionRemarks,
  type BlockAction,
  chooseAction,
  createDeviceVolumes,
  type DeviceVolumes,
  NO_DATA,
  NOT_RWBS,
  opOfRwbs,
  skipLine,
} from '../reading/block-events.js';
import {decodeLeniently, type RowCursor} from '../reading/row-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const LINE = /-\d+ +(?:\([ \d-]+\) +)?\[\d+\] +(?:\S+ +)?(\d+)\.(\d{6}): (\w+): (.*)$/;
const BLOCK_LINE = /\[\d+\] .*\d\.\d{6}: block_\w+: /;
const REQUEST = /^(\d+),(\d+) ([A-Z]+) (?:\d+ )?(?:\([^()]*\) )?(\d+) \+ (\d+) (?:[\w,-]+ )?\[(.*)\]$/;
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/;
const ACTIONS: Readonly<Record<string, BlockAction>> = {
  block_bio_queue: 'Q',
  block_rq_issue: 'D',
  block_rq_complete: 'C',
};

export const ftrace: TraceFormat = {
  framing: 'lines',
  summary: 'block events of the kernel in tracefs text; one event of each request; time since boot',
  volumeFrom: 'row-or-told',
  time: 'relative',
  heeds: ['action'],
  fits: (lines) =>
    mostMatch(
      lines.filter((line) => !line.startsWith('#')),
      BLOCK_LINE,
    ),
  open: (options) => new FtraceReader(options),
};

class FtraceReader implements RowReader {
  readonly headerLines = 0;
  private readonly action: BlockAction;
  private readonly devices: DeviceVolumes;
  private readonly seen = {Q: 0, D: 0, C: 0};
  private failed = 0;
  private withoutData = 0;
  private lost = 0;

  constructor(options: FormatOptions) {
    const actions = options.firstLines.map((line) => ACTIONS[LINE.exec(line)?.[3] ?? ''] ?? '');
    this.action = chooseAction(options.readings.action, actions);
    this.devices = createDeviceVolumes(options);
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const start = cursor.at;
    const text = decodeLeniently(cursor.bytes.subarray(start, cursor.lineEnd(start)));
    skipLine(cursor);
    const [, seconds, fraction, event = '', body = ''] = LINE.exec(text) ?? [];
    if (seconds === undefined) return this.readOther(cursor, text);
    const action = ACTIONS[event];
    if (action !== undefined) this.seen[action] += 1;
    if (action !== this.action) return OUTCOME.remark;
    batch.atUs[row] = Number(seconds) * 1_000_000 + Number(fraction);
    return this.readRequest(body, cursor, batch, row);
  }

  remarks(): readonly string[] {
    return [
      ...actionRemarks(this.action, this.seen),
      ...(this.lost > 0 ? [`events that the kernel lost, which makes the sums too small: ${this.lost}`] : []),
      ...(this.failed > 0 ? [`requests that failed, not counted: ${this.failed}`] : []),
      ...(this.withoutData > 0 ? [`requests without data, not counted: ${this.withoutData}`] : []),
      ...this.devices.remarks(),
    ];
  }

  private readRequest(body: string, cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const [, major, minor, kind = '', sector, sectors, last] = REQUEST.exec(body) ?? [];
    const op = opOfRwbs(kind);
    if (major === undefined)
      return bad(cursor, 'the event is not a request: device kind ... sector + sectors [...]');
    if (op === NOT_RWBS) return bad(cursor, `the kind of the request is none of R, W, D, F and N: ${kind}`);
    if (this.action === 'C' && last !== '0') {
      this.failed += 1;
      return OUTCOME.remark;
    }
    const length = Number(sectors) * SECTOR_BYTES;
    const hasData = length > 0 && op !== NO_DATA;
    if (!hasData && !kind.includes('F')) {
      this.withoutData += 1;
      return OUTCOME.remark;
    }
    const volume = this.devices.find(cursor, Number(major), Number(minor));
    batch.volume[row] = volume;
    batch.op[row] = hasData ? op : OP.flush;
    batch.offsetBytes[row] = Number(sector) * SECTOR_BYTES;
    batch.lengthBytes[row] = length;
    return volume < 0 ? OUTCOME.bad : OUTCOME.row;
  }

  private readOther(cursor: RowCursor, text: string): Outcome {
    const lost = LOST.exec(text)?.[1];
    this.lost += Number(lost ?? 0);
    if (lost !== undefined || text.startsWith('#') || /^cpus=\d+$/.test(text)) return OUTCOME.remark;
    return bad(cursor, 'not a line of tracefs: task-pid [cpu] flags seconds: event: ...');
  }
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}
