import {
  createRandom,
  type Granularity,
  type Random,
  type Series,
  type TimeZone,
  writeFileAtomically,
} from '../core/index.js';
import {type PanelSource, readPanel, sumPanel} from '../forecasting/index.js';
import {
  type DaysToFull,
  daysToFull,
  describeSeason,
  drawPatterns,
  findSeasons,
  findTrend,
  type Panel,
} from '../patterns/index.js';
import {type Metric, openShadowStore} from '../shadow-store/index.js';
import {readTopology, type Topology} from '../topology/index.js';
import {boundaryGroups} from './forecast-boundaries.js';
import {patternsCsv} from './patterns-csv.js';
import type {PatternsSummary, SubjectKind, SubjectPatterns} from './patterns-summary.js';
import {panelSpan} from './panel-span.js';

export interface PatternsOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  /** Adds its hosts and risk boundaries, and the sizes that it states. */
  readonly topologyPath?: string | undefined;
  readonly zone: TimeZone;
  readonly asOfUs: number;
  readonly seed: number;
  /** Path of a CSV file; none is written when absent. */
  readonly csv?: string | undefined;
  /** Path of an SVG picture. */
  readonly plot?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

const COURSE_POINTS = 60;
/** A picture of more would be too long to look at. */
const MOST_DRAWN = 40;

/**
 * Seasons, trend and days to full of every volume, of all together, and with a topology of its hosts and boundaries (all
 * replicas there). Throws InputError when store or topology cannot be used, UsageError for a volume that is not there.
 */
export async function findPatterns(options: PatternsOptions): Promise<PatternsSummary> {
  const {metric, granularity, zone, csv, plot} = options;
  const topology = options.topologyPath === undefined ? undefined : await readTopology(options.topologyPath);
  const panel = await readSubjects(options);
  const all = subjectsOf(panel, topology, metric);
  const subjects: SubjectPatterns[] = [];
  for (const subject of all) {
    options.signal.throwIfAborted();
    subjects.push(
      patternsOf(subject, {
        zone,
        random: createRandom(options.seed).fork(`${subject.kind} ${subject.series.id}`),
      }),
    );
    options.onProgress({done: subjects.length, total: all.length});
    // Ctrl-C is heard between two series.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const summary: PatternsSummary = {
    ...{metric, granularity, timeZone: zone.name, ...panelSpan(panel)},
    subjects,
    fullRanking: rankFull(subjects),
    ...(csv !== undefined && {csv}),
    ...(plot !== undefined && {plot}),
  };
  if (csv !== undefined) await writeFileAtomically(csv, patternsCsv(summary));
  if (plot !== undefined) await writeFileAtomically(plot, pictureOf(summary));
  return summary;
}

async function readSubjects(options: PatternsOptions): Promise<readonly Series[]> {
  const {storePath, granularity, metric, volumes, asOfUs} = options;
  const store = await (options.openStore ?? openShadowStore)(storePath);
  try {
    return await readPanel(store, {granularity, metric, volumes, asOfUs});
  } finally {
    store.close();
  }
}

interface Subject {
  readonly kind: SubjectKind;
  readonly series: Series;
  readonly roomBytes?: number | undefined;
}

function subjectsOf(
  panel: readonly Series[],
  topology: Topology | undefined,
  metric: Metric,
): readonly Subject[] {
  const sizes = new Map(topology?.volumes.map(({id, provisionedBytes}) => [id, provisionedBytes]));
  const volumes = panel.map((series): Subject => ({
    kind: 'volume',
    series,
    roomBytes: series.ceiling ?? sizes.get(series.id),
  }));
  const fleet = sumPanel(panel, [{id: 'all volumes', members: panel.map(({id}) => ({id, weight: 1}))}]);
  const sumOf = (rooms: readonly (number | undefined)[]): number | undefined =>
    rooms.reduce<number | undefined>(
      (total, room) => (total === undefined || room === undefined ? undefined : total + room),
      0,
    );
  return [
    ...(panel.length > 1
      ? fleet.map((series): Subject => ({
          kind: 'fleet',
          series,
          roomBytes: sumOf(volumes.map(({roomBytes}) => roomBytes)),
        }))
      : []),
    ...(topology ? placesOf(panel, topology) : []),
    ...volumes,
  ].map((subject) => (metric === 'used-bytes' ? subject : {...subject, roomBytes: undefined}));
}

/** Boundaries and hosts with all replicas of the panel's volumes on them. */
function placesOf(panel: readonly Series[], topology: Topology): readonly Subject[] {
  const {hosts, boundaries, volumes, fillLimit} = topology;
  const roomOf = (indices: readonly number[]): number =>
    indices.reduce((total, index) => {
      const host = hosts[index];
      return total + (host ? Math.max(0, fillLimit * host.capacityBytes - host.otherUsedBytes) : 0);
    }, 0);
  const rooms = new Map(boundaries.map(({id, hosts: own, members = own}) => [id, roomOf(members)]));
  // A boundary of one host tells the same.
  const told = new Set(
    boundaries.flatMap(({hosts: own, members = own}) => (members.length === 1 ? members : [])),
  );
  const hostGroups = hosts.flatMap(({id}, index) => {
    const own = volumes.filter(({replicas}) => replicas.includes(index));
    return told.has(index) ? [] : [{id, members: own.map((volume) => ({id: volume.id, weight: 1}))}];
  });
  const hostRooms = new Map(hosts.map(({id}, index) => [id, roomOf([index])]));
  return [
    ...sumPanel(panel, boundaryGroups(topology)).map((series): Subject => ({
      kind: 'boundary',
      series,
      roomBytes: rooms.get(series.id),
    })),
    ...sumPanel(panel, hostGroups).map((series): Subject => ({
      kind: 'host',
      series,
      roomBytes: hostRooms.get(series.id),
    })),
  ];
}

function patternsOf(
  {kind, series, roomBytes}: Subject,
  {zone, random}: {readonly zone: TimeZone; readonly random: Random},
): SubjectPatterns {
  const {found, notYetSeen} = findSeasons(series, {zone, random: random.fork('seasons')});
  const isWeekly = found.some((season) => season.kind === 'weekly');
  const trend = findTrend(series, {zone, random: random.fork('trend'), isWeekly}) ?? null;
  const last = series.values.findLast((value) => !Number.isNaN(value)) ?? null;
  return {
    ...{subject: kind, id: series.id, last, notYetSeen, trend},
    seasons: found.map((season) => ({...season, words: describeSeason(season)})),
    ...(roomBytes !== undefined && {roomBytes}),
    ...(roomBytes !== undefined && trend && last !== null && {full: daysToFull(roomBytes - last, trend)}),
    course: courseOf(series),
  };
}

function panelOf({subject, id, course, trend, roomBytes, seasons}: SubjectPatterns): Panel {
  return {
    title: subject === 'volume' ? id : `${subject}: ${id}`,
    course,
    changesUs: (trend?.changes ?? []).map(({atUs}) => atUs),
    roomBytes,
    seasons: seasons
      .toSorted((left, right) => right.strength - left.strength)
      .map(({words, strength}) => ({
        title: `${words.name}, ${(100 * strength).toFixed(0)} %`,
        cells: words.cells,
        ticks: words.ticks,
      })),
  };
}

function pictureOf({subjects, metric, granularity, fromUs, toUs, timeZone}: PatternsSummary): string {
  const title = `${granularity} ${metric}; seasons by the clocks of ${timeZone}, busier than usual upwards`;
  const panels = subjects.slice(0, MOST_DRAWN).map(panelOf);
  return drawPatterns(panels, {title, fromUs, toUs, isBytes: metric.endsWith('bytes')});
}

function courseOf({values}: Series): readonly (number | null)[] {
  const points = Math.min(COURSE_POINTS, values.length);
  return Array.from({length: points}, (_, point) => {
    const part = values
      .subarray(
        Math.floor((point * values.length) / points),
        Math.floor(((point + 1) * values.length) / points),
      )
      .filter((value) => !Number.isNaN(value));
    return part.length === 0 ? null : part.reduce((total, value) => total + value, 0) / part.length;
  });
}

function rankFull(subjects: readonly SubjectPatterns[]): PatternsSummary['fullRanking'] {
  const at = ({full}: {readonly full: DaysToFull}): number => full.days ?? Infinity;
  const earliest = ({full}: {readonly full: DaysToFull}): number => full.earliest ?? Infinity;
  return subjects
    .flatMap(({subject, id, full}) => (full && full.earliest !== null ? [{subject, id, full}] : []))
    .toSorted((left, right) =>
      at(left) === at(right) ? earliest(left) - earliest(right) : at(left) - at(right),
    );
}
