import {
  artifactText,
  formatInstantUs,
  type Granularity,
  GRANULARITY_SECONDS,
  InputError,
  parseArtifact,
  readText,
  type Series,
  sha256Hex,
  shortHash,
  US_PER_SECOND,
} from '../core/index.js';
import {type Forecast, SEASON_STEPS} from '../forecasting/index.js';
import {
  BLOCK_STEPS,
  type BoundaryForecast,
  dataFilesOf,
  type ForecastRole,
  type HistoryChange,
  type HistoryFiles,
  KEPT_FORECAST_KIND,
  KEPT_LEVELS,
  type KeptForecastFile,
  keptMembersText,
  type KeptPlace,
  keptNumbersBytes,
  openHistory,
  placeName,
  traitsOf,
  type VolumeTraits,
} from '../monitoring/index.js';
import type {Metric} from '../shadow-store/index.js';

export interface KeepForecastOptions {
  /** Of the store that was forecast from: its history takes the forecast. */
  readonly storePath: string;
  readonly role: ForecastRole;
  readonly granularity: Granularity;
  readonly metric: Metric;
  readonly model: string;
  readonly modelSha256: string;
  /** End of the history that the model was fitted on. */
  readonly trainedUntilUs: number;
  /** At `KEPT_LEVELS` or more levels, all from one origin; those of which nothing is foreseen (NaN) are left out. */
  readonly forecasts: readonly Forecast[];
  /** What was known at the origin, by the same names. */
  readonly panel: readonly Series[];
  readonly boundaries?: readonly BoundaryForecast[] | undefined;
  readonly tool: string;
  readonly createdAtUs: number;
  /** Told before each change of a file; what it throws stops that. */
  readonly onChange?: ((change: HistoryChange) => void) | undefined;
}

/** Where a forecast was kept. */
export interface KeptForecastSummary {
  /** Path of its .json file. */
  readonly path: string;
  readonly role: ForecastRole;
  /** False: the same one was there. */
  readonly isNew: boolean;
}

/**
 * Keeps a forecast in the history of its store: numbers of volumes and boundaries, what boundaries are the sums of, and last, by
 * rename, what it is. The same one again changes nothing; another one for the same origin and role takes its place, and
 * a run that was killed is mended by running it again. Throws InputError when the model was fitted on what came after the
 * origin, TargetError when the disk refuses.
 */
export async function keepForecast(options: KeepForecastOptions): Promise<KeptForecastSummary | undefined> {
  const forecasts = options.forecasts.filter(({point}) => !point.some(Number.isNaN)).map(atKeptLevels);
  const [first] = forecasts;
  if (first === undefined) return undefined;
  refuseHindsight(options, first.startUs);
  const {granularity, metric, role, model} = options;
  const place: KeptPlace = {granularity, metric, role, model, originUs: first.startUs};
  const name = placeName(place);
  const files = openHistory(options.storePath, options.onChange);
  const data = contentsOf(name, forecasts, options);
  const file = describe(place, forecasts, data, options);
  const [path, json] = [files.pathOf('forecasts', `${name}.json`), `${name}.json`];
  const isNew = !(await isKept(files, json, file));
  if (isNew) {
    // A name holds the hash of its content: what is there already is whole, and the same.
    for (const one of [data.volumes, data.boundaries, data.members])
      if (one && !files.has('forecasts', one.file)) await files.write('forecasts', one.file, one.content);
    await files.write('forecasts', json, artifactText(file));
  }
  await removeFormer(files, name, [json, ...dataFilesOf(file)]);
  return {path, role, isNew};
}

/** Sums are told one by one, by no class. */
const SUM: VolumeTraits = {kind: 'ordinary', scale: 0};

interface KeptContents {
  readonly volumes: DataFile;
  readonly boundaries?: DataFile;
  readonly members?: DataFile;
}

interface DataFile {
  readonly file: string;
  readonly sha256: string;
  readonly content: string | Uint8Array;
}

function contentsOf(
  name: string,
  forecasts: readonly Forecast[],
  {granularity, panel, boundaries = []}: KeepForecastOptions,
): KeptContents {
  const seasonSteps = SEASON_STEPS[granularity];
  const historyOf = new Map(panel.map((series) => [series.id, series]));
  const traits = (id: string): VolumeTraits => {
    const history = historyOf.get(id);
    return history ? traitsOf(history, seasonSteps) : {kind: 'unknown', scale: 0};
  };
  const dataFile = (ending: keyof KeptContents, content: DataFile['content']): DataFile => {
    const sha256 = sha256Hex(content);
    return {file: `${name}.${shortHash(sha256)}.${ending}`, sha256, content};
  };
  const blockSteps = BLOCK_STEPS[granularity];
  const sums = boundaries.map(({forecast}) => atKeptLevels(forecast));
  const groups = boundaries.map(({group}) => group);
  return {
    volumes: dataFile('volumes', keptNumbersBytes(forecasts, blockSteps, traits)),
    ...(sums.length > 0 && {
      boundaries: dataFile(
        'boundaries',
        keptNumbersBytes(sums, blockSteps, () => SUM),
      ),
      members: dataFile('members', keptMembersText(groups)),
    }),
  };
}

function describe(
  place: KeptPlace,
  forecasts: readonly Forecast[],
  {volumes, boundaries, members}: KeptContents,
  {modelSha256, trainedUntilUs, tool, createdAtUs}: KeepForecastOptions,
): KeptForecastFile {
  const {granularity, metric, role, model, originUs} = place;
  const told = ({file, sha256}: DataFile): {file: string; sha256: string} => ({file, sha256});
  return {
    ...{kind: 'foreshadow.kept-forecast', version: 1, tool, createdAt: formatInstantUs(createdAtUs)},
    ...{granularity, metric, origin: formatInstantUs(originUs)},
    horizonSteps: forecasts[0]?.point.length ?? 0,
    ...{role, model, modelSha256, trainedUntil: formatInstantUs(trainedUntilUs)},
    volumes: forecasts.length,
    data: {
      volumes: told(volumes),
      ...(boundaries && {boundaries: told(boundaries)}),
      ...(members && {members: told(members)}),
    },
  };
}

/** Whether it is there as it is, whenever and by which version it was made. */
async function isKept(files: HistoryFiles, json: string, file: KeptForecastFile): Promise<boolean> {
  if (!files.has('forecasts', json)) return false;
  const path = files.pathOf('forecasts', json);
  const there: KeptForecastFile = parseArtifact(await readText(path), path, KEPT_FORECAST_KIND);
  const now: KeptForecastFile = {...there, tool: file.tool, createdAt: file.createdAt};
  const isSame = artifactText(now) === artifactText(file);
  return isSame && dataFilesOf(file).every((name) => files.has('forecasts', name));
}

/** Files of what was kept in this place before, or half kept by a run that was killed. */
async function removeFormer(
  files: HistoryFiles,
  name: string,
  stay: readonly (string | undefined)[],
): Promise<void> {
  for (const file of await files.list('forecasts', ''))
    if (file.startsWith(`${name}.`) && !stay.includes(file)) await files.remove('forecasts', file);
}

function atKeptLevels(forecast: Forecast): Forecast {
  const quantiles = KEPT_LEVELS.map(
    (level) => forecast.quantiles[forecast.levels.indexOf(level)] ?? forecast.point,
  );
  return {...forecast, levels: KEPT_LEVELS, quantiles};
}

function refuseHindsight({trainedUntilUs, granularity, model}: KeepForecastOptions, originUs: number): void {
  if (trainedUntilUs <= originUs) return;
  const stepUs = GRANULARITY_SECONDS[granularity] * US_PER_SECOND;
  throw new InputError(
    'hindsight',
    `${model} was trained on data up to ${formatInstantUs(trainedUntilUs)}, ${Math.ceil((trainedUntilUs - originUs) / stepUs)} steps after ${formatInstantUs(originUs)}: what it foresees from there says nothing of how it does`,
    {hints: ['a model that was trained before', 'a later --as-of', 'without --keep']},
  );
}
