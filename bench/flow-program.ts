import type {CompiledTopology, ScenarioDemand} from '../src/lib/allocation/index.js';
import {loadHighs} from '../src/lib/allocation/solve-model.js';
import {hasHost} from '../src/lib/topology/index.js';

/** What the solver made of it. */
export interface FlowProgram {
  readonly columns: number;
  readonly rows: number;
  readonly cpuSeconds: number;
  /** Undefined: no optimum within the time, or no memory for it. */
  readonly totalBytes: number | undefined;
}

/**
 * The plain formulation of the least reserve, for comparison: one variable a host for its reserve, one for each
 * scenario, group of volumes and host that may take them; the flows of a group make up its demand, and what flows to a
 * host in one scenario stays within its reserve.
 */
export async function solveFlowProgram(
  {nets, hostCount}: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
  limitSeconds: number,
): Promise<FlowProgram> {
  const highs = await loadHighs();
  const before = process.cpuUsage();
  const unit = Math.max(...roomBytes) / 2 ** 12;
  const starts: number[] = [0];
  const indices: number[] = [];
  const values: number[] = [];
  const rowLower: number[] = [];
  const rowUpper: number[] = [];
  let columns = hostCount;
  const endRow = (lower: number, upper: number): void => {
    starts.push(indices.length);
    rowLower.push(lower);
    rowUpper.push(upper);
  };
  for (const net of nets) {
    const intoHost = roomBytes.reduce<number[][]>((lists) => [...lists, []], []);
    net.groupHosts.forEach((hosts, group) => {
      for (let host = 0; host < hostCount; host += 1) {
        if (!hasHost(hosts, host) || !hasHost(net.alive, host)) continue;
        intoHost[host]?.push(columns);
        indices.push(columns);
        values.push(1);
        columns += 1;
      }
      const demand = (demands[net.scenario]?.groupBytes[group] ?? 0) / unit;
      endRow(demand, demand);
    });
    intoHost.forEach((flows, host) => {
      if (flows.length === 0) return;
      indices.push(host, ...flows);
      values.push(1, ...flows.map(() => -1));
      endRow(0, highs.infinity);
    });
  }
  const shape = {numCols: columns, numRows: rowLower.length};
  try {
    const totalBytes = highs.withModel(
      {
        ...shape,
        colCost: Float64Array.from({length: columns}, (_, column) => (column < hostCount ? 1 : 0)),
        colLower: new Float64Array(columns),
        colUpper: Float64Array.from({length: columns}, (_, column) =>
          column < hostCount ? (roomBytes[column] ?? 0) / unit : Infinity,
        ),
        rowLower: Float64Array.from(rowLower),
        rowUpper: Float64Array.from(rowUpper),
        matrix: {
          format: 'csr',
          ...shape,
          starts: Int32Array.from(starts),
          indices: Int32Array.from(indices),
          values: Float64Array.from(values),
        },
      },
      (model) => {
        model.options.set({output_flag: false, time_limit: limitSeconds});
        model.run();
        if (model.getModelStatus() !== highs.constants.modelStatus.optimal) return undefined;
        return (
          model
            .getSolution()
            .colValue.subarray(0, hostCount)
            .reduce((sum, value) => sum + value, 0) * unit
        );
      },
    );
    return {columns, rows: rowLower.length, cpuSeconds: secondsSince(before), totalBytes};
  } catch {
    return {columns, rows: rowLower.length, cpuSeconds: secondsSince(before), totalBytes: undefined};
  }
}

/** CPU seconds of this process since then. */
export function secondsSince(before: NodeJS.CpuUsage): number {
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1e6;
}
