import {invariant, type Series} from '../core/index.js';
import {cutEnd, fromFirstKnown} from './history.js';
import type {FittedModel} from './model.js';

/** Series that are added up; `weight` is how often one counts, such as a volume's replicas within a boundary. */
export interface SeriesGroup {
  readonly id: string;
  readonly members: readonly {readonly id: string; readonly weight: number}[];
}

export interface SumModel {
  /** Foresees groups by adding up what is foreseen of their members; calibrate it on `panel` like any other model. */
  readonly fitted: FittedModel;
  /** One series a group, the members added up; as long as the members'. Groups without a member in the panel are left out. */
  readonly panel: readonly Series[];
}

/**
 * A fitted model of single series as a model of sums. Errors of sums are not sums of errors: calibrated on the groups'
 * own past, the quantiles of a boundary are those of the boundary. A member that begins later counts as nothing before; a
 * sum is not known where a member that has begun is not. The panel's series end at the same time.
 */
export function sumModel(
  fitted: FittedModel,
  panel: readonly Series[],
  groups: readonly SeriesGroup[],
): SumModel {
  const series = new Map(panel.map((one) => [one.id, one]));
  const known = knownGroups(series, groups);
  const byId = new Map(known.map((group) => [group.id, group]));
  const steps = panel.reduce((most, {values}) => Math.max(most, values.length), 0);
  const predict: FittedModel['predict'] = async (histories, horizonSteps) => {
    const cut = steps - (histories[0]?.values.length ?? steps);
    const paths = await fitted.predict(
      panel.map((one) => cutEnd(one, cut)),
      horizonSteps,
    );
    const pathOf = new Map(panel.map(({id}, index) => [id, paths[index] ?? new Float64Array()]));
    return histories.map(({id}) => {
      const group = byId.get(id);
      invariant(group !== undefined, `no group is called ${id}`);
      return added(group, horizonSteps, (member) =>
        zeroWhereUnknown(pathOf.get(member) ?? new Float64Array()),
      );
    });
  };
  return {
    fitted: {model: fitted.model, predict, save: () => fitted.save()},
    panel: known.map((group) => sumOf(group, series)),
  };
}

/** One series a group, the members of the panel added up as in `sumModel`; groups without one are left out. */
export function sumPanel(panel: readonly Series[], groups: readonly SeriesGroup[]): readonly Series[] {
  const series = new Map(panel.map((one) => [one.id, one]));
  return knownGroups(series, groups).map((group) => sumOf(group, series));
}

function knownGroups(
  series: ReadonlyMap<string, Series>,
  groups: readonly SeriesGroup[],
): readonly SeriesGroup[] {
  return groups
    .map(({id, members}) => ({id, members: members.filter((member) => series.has(member.id))}))
    .filter(({members}) => members.length > 0);
}

function sumOf(group: SeriesGroup, series: ReadonlyMap<string, Series>): Series {
  const [first] = group.members.flatMap(({id}) => series.get(id) ?? []);
  invariant(first !== undefined, `group ${group.id} has no member`);
  const values = added(group, first.values.length, (member) => {
    const of = series.get(member)?.values ?? new Float64Array();
    const begins = of.length - fromFirstKnown(of).length;
    return of.map((value, step) => (step < begins ? 0 : value));
  });
  return {id: group.id, startUs: first.startUs, stepSeconds: first.stepSeconds, values};
}

function added(
  {members}: SeriesGroup,
  steps: number,
  valuesOf: (member: string) => Float64Array,
): Float64Array {
  const total = new Float64Array(steps);
  for (const {id, weight} of members) {
    const values = valuesOf(id);
    for (let step = 0; step < steps; step += 1)
      total[step] = (total[step] ?? 0) + weight * (values[step] ?? 0);
  }
  return total;
}

/** Of a member that had not begun nothing is foreseen: it counts as nothing. */
function zeroWhereUnknown(path: Float64Array): Float64Array {
  return path.map((value) => (Number.isNaN(value) ? 0 : value));
}
