import {invariant} from '../core/index.js';
import {loadHighs, solveModel} from './solve-model.js';

/**
 * A linear program over reserves that are constant while the room of the hosts changes from moment to moment: the least
 * total that satisfies all rows added so far.
 */
export interface MomentProgram {
  /**
   * Demands that at a moment these hosts together can take at least so many bytes, each as much as its reserve and its
   * room of that moment allow.
   */
  addRow(moment: number, hosts: readonly number[], atLeastBytes: number): void;
  /** Bytes a host, not yet whole. Throws a bug when no reserve satisfies the rows. */
  solve(): Float64Array;
  dispose(): void;
}

/** Rooms are scaled to about this, far above the solver's absolute tolerance of 1e-7. */
const SCALED_ROOM = 2 ** 12;

/**
 * An empty program; `roomBytes[m][h]` is host h's room at moment m. Columns: the reserve r_h of each host, up to its
 * most room; and where a row of moment m names a host with less room then, what it takes: t_hm <= room_hm and
 * t_hm <= r_h. The caller must dispose of it.
 */
export async function createMomentProgram(roomBytes: readonly Float64Array[]): Promise<MomentProgram> {
  const highs = await loadHighs();
  const hostCount = roomBytes[0]?.length ?? 0;
  const most = Float64Array.from({length: hostCount}, (_, host) =>
    roomBytes.reduce((largest, rooms) => Math.max(largest, rooms[host] ?? 0), 0),
  );
  // A power of two, so that scaling loses no bit.
  const unit = 2 ** Math.ceil(Math.log2(Math.max(1, ...most))) / SCALED_ROOM;
  const model = highs.createModel();
  model.options.set({output_flag: false});
  model.addVars(
    new Float64Array(hostCount),
    most.map((bytes) => bytes / unit),
  );
  model.changeColsCost({kind: 'range', from: 0, to: hostCount - 1}, new Float64Array(hostCount).fill(1));
  let columnCount = hostCount;
  const takenColumns = new Map<number, number>();

  const takenColumn = (moment: number, host: number): number => {
    const room = roomBytes[moment]?.[host] ?? 0;
    if (room === most[host]) return host;
    const key = moment * hostCount + host;
    const known = takenColumns.get(key);
    if (known !== undefined) return known;
    const column = columnCount++;
    takenColumns.set(key, column);
    model.addVar(0, room / unit);
    model.addRow(0, highs.infinity, {indices: [host, column], values: [1, -1]});
    return column;
  };

  return {
    addRow: (moment, hosts, atLeastBytes) => {
      const indices = hosts.map((host) => takenColumn(moment, host));
      model.addRow(atLeastBytes / unit, highs.infinity, {indices, values: indices.map(() => 1)});
    },
    solve: () => {
      const solution = solveModel(highs, model);
      invariant(solution !== undefined, `the moment program ended with status ${model.getModelStatus()}`);
      return solution.subarray(0, hostCount).map((scaled) => scaled * unit);
    },
    dispose: () => {
      model.dispose();
    },
  };
}
