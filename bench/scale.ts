import type {BenchOptions, BenchResult} from './bench.js';

/** What one unit of work takes, by the bench that is named beside it (docs/performance.md has the runs). */
const MEASURED = {
  /** A line of interceptors/bpftrace/block-requests.bt, and of block-sums.bt: their README. */
  lineBytes: 45,
  /** Processor time of a host a request, foreshadow's reading included: `interceptors`, depth 16. */
  linesCpuUs: 10,
  sumsCpuUs: 1.9,
  /** `ingest --rows 50000000`, one thread. */
  requestsACpuSecond: 1_650_000,
  /** `clickhouse`: the client's CPU beside that into files, and bytes on disk of a (volume, minute), hours included. */
  servedCpuRatio: 0.8,
  servedMinuteBytes: 15.5,
  filedMinuteBytes: 8.3,
  /** `fleet`: a week ahead by the hour from 90 days with `ets`, and its peak memory for 10,000 volumes. */
  forecastCpuSecondsAVolume: 0.078,
  forecastKibAVolume: 140,
  /** `plan`: 1,000 hosts and 100,000 volumes with certificate. */
  planCpuSeconds: 40.5,
  planHosts: 1000,
  planPeakGb: 0.91,
  /** docs/store.md: what each batch adds to a query. */
  batchBytesAQuery: 20,
} as const;

/** What nobody measured: stated here, to be changed. */
const ASSUMED = {
  volumesAHost: 10,
  /** Mean over a day and over busy and idle volumes. */
  requestsAVolumeSecond: 20,
  /** Of the minutes of a day, those in which a volume has a request at all. */
  activeShare: 0.6,
  /** Minutes are kept for so long; hours for longer, which take a sixtieth. */
  minuteDays: 14,
  hourDays: 400,
  replicasOfTheStore: 2,
  serverTib: 4,
  /** Hosts whose logs one ingest job reads, and how often it commits. */
  hostsAJob: 500,
  commitMinutes: 60,
  /** A night's forecast is to take an hour on workers of so many cores. */
  coresAWorker: 4,
  gibAWorker: 8,
  coreHourPrice: 0.04,
  gibMonthPrice: 0.08,
} as const;

const DAY_SECONDS = 86_400;
const DAY_MINUTES = 1440;
const TIB = 2 ** 40;

/**
 * `npm run bench -- scale [--volumes N]`: what a fleet takes, step by step, worked out from what the other benches measured
 * on one machine. Nothing is run.
 */
export function bench({volumes = 1_000_000}: BenchOptions): BenchResult {
  const hosts = Math.ceil(volumes / ASSUMED.volumesAHost);
  const steps = [...atTheHosts(volumes, hosts), ...inTheStore(volumes, hosts), ...atNight(volumes, hosts)];
  const price = monthlyPrice(volumes);
  return {
    name: 'scale',
    figures: {
      volumes,
      hosts,
      ...Object.fromEntries(steps.map(({figure, value}) => [figure, value])),
      ...price,
    },
    table: [
      ...steps.map(({step, what, value, limit}) => ({step, what, value: round(value), limit})),
      ...Object.entries(price).map(([what, value]) => ({step: 'cost', what, value: round(value), limit: ''})),
    ],
  };
}

interface Step {
  readonly step: string;
  readonly what: string;
  readonly figure: string;
  readonly value: number;
  /** Where it ends. */
  readonly limit: string;
}

function requestsADay(volumes: number): number {
  return volumes * ASSUMED.requestsAVolumeSecond * DAY_SECONDS;
}

function atTheHosts(volumes: number, hosts: number): readonly Step[] {
  const rate = (volumes / hosts) * ASSUMED.requestsAVolumeSecond;
  const [lines, sums] = [(rate * MEASURED.linesCpuUs) / 1e6, (rate * MEASURED.sumsCpuUs) / 1e6];
  return [
    {
      ...{step: 'capture', what: 'requests a second and host', figure: 'requests_a_host_second', value: rate},
      limit: 'some thousands: then bpftrace-sums',
    },
    {
      ...{
        step: 'capture',
        what: 'cores a host, a line a request',
        figure: 'lines_cores_a_host',
        value: lines,
      },
      limit: 'a spare core',
    },
    {
      ...{step: 'capture', what: 'cores a host, sums', figure: 'sums_cores_a_host', value: sums},
      limit: 'no footprints',
    },
    {
      ...{step: 'capture', what: 'TiB of lines a day, fleet', figure: 'lines_tib_a_day'},
      value: (requestsADay(volumes) * MEASURED.lineBytes) / TIB,
      limit: 'read where they are made: capture',
    },
  ];
}

/** CPU of the ingest of a day into servers. */
function ingestCores(volumes: number): number {
  return (requestsADay(volumes) / MEASURED.requestsACpuSecond / DAY_SECONDS) * MEASURED.servedCpuRatio;
}

function storedTib(volumes: number): number {
  const minutes = volumes * DAY_MINUTES * ASSUMED.activeShare;
  const kept = ASSUMED.minuteDays + ASSUMED.hourDays / 60;
  return (minutes * MEASURED.servedMinuteBytes * kept * ASSUMED.replicasOfTheStore) / TIB;
}

function inTheStore(volumes: number, hosts: number): readonly Step[] {
  const jobs = Math.ceil(hosts / ASSUMED.hostsAJob);
  const rows = volumes * DAY_MINUTES * ASSUMED.activeShare;
  const tib = storedTib(volumes);
  const batches = jobs * (DAY_MINUTES / ASSUMED.commitMinutes) * ASSUMED.minuteDays;
  return [
    {
      ...{step: 'ingest', what: 'cores, all jobs', figure: 'ingest_cores', value: ingestCores(volumes)},
      limit: 'one core a job',
    },
    {
      ...{step: 'ingest', what: 'jobs, by host', figure: 'ingest_jobs', value: jobs},
      limit: 'volumes of a job are its own',
    },
    {
      ...{step: 'store', what: '(volume, minute) rows a second', figure: 'rows_a_second'},
      value: rows / DAY_SECONDS,
      limit: 'the servers: not measured here',
    },
    {
      ...{step: 'store', what: 'TiB on all servers', figure: 'stored_tib', value: tib},
      limit: `${ASSUMED.serverTib} TiB a server`,
    },
    {
      ...{step: 'store', what: 'servers', figure: 'servers'},
      value: Math.ceil(tib / ASSUMED.serverTib / ASSUMED.replicasOfTheStore) * ASSUMED.replicasOfTheStore,
      limit: '',
    },
    {
      ...{step: 'store', what: 'MiB that batches add to a query', figure: 'batches_mib_a_query'},
      value: (batches * MEASURED.batchBytesAQuery) / 2 ** 20,
      limit: '256 MiB are refused; commit rarely',
    },
  ];
}

function atNight(volumes: number, hosts: number): readonly Step[] {
  const coreHours = (volumes * MEASURED.forecastCpuSecondsAVolume) / 3600;
  const gib = (volumes * MEASURED.forecastKibAVolume) / 2 ** 20;
  const workers = Math.ceil(Math.max(coreHours / ASSUMED.coresAWorker, gib / ASSUMED.gibAWorker));
  return [
    {
      ...{step: 'forecast', what: 'core hours a night', figure: 'forecast_core_hours', value: coreHours},
      limit: 'networks learn from all series: train on a sample',
    },
    {
      ...{
        step: 'forecast',
        what: 'workers for an hour (--shard i/n)',
        figure: 'forecast_workers',
        value: workers,
      },
      limit: `${ASSUMED.coresAWorker} cores and ${ASSUMED.gibAWorker} GiB a worker: each reads the whole fleet`,
    },
    {
      ...{step: 'plan', what: 'plans, one for hosts that repair each other', figure: 'plans'},
      value: Math.ceil(hosts / MEASURED.planHosts),
      limit: `${MEASURED.planHosts} hosts: ${MEASURED.planCpuSeconds} CPU s, ${MEASURED.planPeakGb} GB`,
    },
    {
      ...{step: 'plan', what: 'core hours a night', figure: 'plan_core_hours'},
      value: (Math.ceil(hosts / MEASURED.planHosts) * MEASURED.planCpuSeconds) / 3600,
      limit: 'larger ones were not measured',
    },
  ];
}

/** By a million volumes, so that fleets can be compared. */
function monthlyPrice(volumes: number): Readonly<Record<string, number>> {
  const millions = volumes / 1e6;
  const {coreHourPrice, gibMonthPrice} = ASSUMED;
  const ingest = ingestCores(volumes) * 24 * 30 * coreHourPrice;
  const stored = storedTib(volumes) * 1024 * gibMonthPrice;
  const forecasts = ((volumes * MEASURED.forecastCpuSecondsAVolume) / 3600) * 30 * coreHourPrice;
  return {
    ingest_price_a_million: ingest / millions,
    store_price_a_million: stored / millions,
    forecast_price_a_million: forecasts / millions,
    price_a_million: (ingest + stored + forecasts) / millions,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
