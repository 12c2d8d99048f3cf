import {describe, expect, it} from 'vitest';

import {
  type EtsForm,
  hasFactorSeason,
  neutralSeason,
  project,
  smooth,
} from '../../src/lib/forecasting/ets/recursion.js';
import {admissibleForms, chooseEts} from '../../src/lib/forecasting/ets/search.js';
import {expectClose} from './builders.js';

// Values of R 4.2.2 with forecast 8.20, made by
//   t <- 0:143; y <- ts(100 + 0.5*t + 10*sin(2*pi*t/12) + 5*(((t*7919) %% 101)/101 - .5), frequency = 12)
//   f <- ets(y, model = ..., damped = ...); f$par; f$states[1, ] (the season's last state first here);
//   -2 * f$loglik; forecast(f, h = 5, PI = FALSE)$mean
const y = Float64Array.from({length: 144}, (_, t) => {
  return 100 + 0.5 * t + 10 * Math.sin((2 * Math.PI * t) / 12) + 5 * (((t * 7919) % 101) / 101 - 0.5);
});

interface Peer {
  readonly model: string;
  readonly form: EtsForm;
  /** alpha, beta, gamma, phi */
  readonly parameters: readonly [number, number, number, number];
  readonly level: number;
  readonly trend: number;
  readonly seasons: readonly number[];
  readonly deviance: number;
  readonly ahead: readonly number[];
}

const PEERS: readonly Peer[] = [
  {
    model: "model = 'ANN', damped = FALSE",
    form: {error: 'A', trend: 'N', season: 'N', seasonSteps: 1},
    parameters: [0.999899957701, 0, 0, 1],
    level: 97.4885619436,
    trend: 0,
    seasons: [],
    deviance: 1143.17904732,
    ahead: [164.247405668, 164.247405668, 164.247405668, 164.247405668, 164.247405668],
  },
  {
    model: "model = 'AAN', damped = TRUE",
    form: {error: 'A', trend: 'Ad', season: 'N', seasonSteps: 1},
    parameters: [0.759469070159, 0.759468667562, 0, 0.80000015988],
    level: 106.211491597,
    trend: 2.41402772051,
    seasons: [],
    deviance: 1118.61771574,
    ahead: [165.879879089, 167.358056403, 168.540598491, 169.486632351, 170.24345959],
  },
  {
    model: "model = 'AAA', damped = FALSE",
    form: {error: 'A', trend: 'A', season: 'A', seasonSteps: 12},
    parameters: [0.000100294871203, 0.00010001973142, 0.000100015145448, 1],
    level: 99.4314866392,
    trend: 0.500540739599,
    seasons: [
      0.217412524222, 4.79423152654, 8.66148180632, 10.139570393, 8.64523139997, 5.13808112074,
      -0.338980154336, -4.64298385774, -8.57814103566, -10.226020994, -8.58513704127, -5.22474568785,
    ],
    deviance: 819.798814631,
    ahead: [172.213550529, 177.290706194, 181.658536633, 183.63678822, 182.642963388],
  },
  {
    model: "model = 'MNM', damped = FALSE",
    form: {error: 'M', trend: 'N', season: 'M', seasonSteps: 12},
    parameters: [0.627164954471, 0, 0.368601744311, 1],
    level: 105.617477087,
    trend: 0,
    seasons: [
      0.965783477917, 1.02447462531, 1.08437951537, 1.06639519209, 1.08779172216, 1.06551809751,
      1.00913519082, 0.97468061236, 0.923490829537, 0.937166466057, 0.927421995516, 0.933762275346,
    ],
    deviance: 1003.65075445,
    ahead: [172.321875894, 177.246055943, 180.785250189, 183.743489755, 180.913831183],
  },
  {
    model: "model = 'MAM', damped = FALSE",
    form: {error: 'M', trend: 'A', season: 'M', seasonSteps: 12},
    parameters: [0.000123887633456, 0.000104506957984, 0.646356395548, 1],
    level: 99.6442546081,
    trend: 0.506439789467,
    seasons: [
      0.992337400832, 1.04480977761, 1.08863445895, 1.08864903287, 1.0876049117, 1.03984946101,
      0.996637513563, 0.965029610215, 0.909677919137, 0.918816304229, 0.914509078369, 0.953444531518,
    ],
    deviance: 879.348726745,
    ahead: [172.801042217, 178.893592115, 182.031270641, 185.416267421, 182.06318187],
  },
  {
    model: "model = 'MAA', damped = TRUE",
    form: {error: 'M', trend: 'Ad', season: 'A', seasonSteps: 12},
    parameters: [0.0646436658261, 0.0646436394831, 0.000101057269019, 0.979998780862],
    level: 98.7791187501,
    trend: 0.754613325929,
    seasons: [
      -0.435325869706, 4.82591532613, 8.6878658188, 10.1496683886, 8.54653676875, 5.1839145084,
      -0.23121533321, -4.7009350303, -8.58579906569, -10.108659888, -8.12522327401, -5.20674234974,
    ],
    deviance: 851.741187638,
    ahead: [170.627837754, 176.159901367, 180.288388239, 182.010975185, 180.663901722],
  },
  {
    model: "model = 'MMN', damped = FALSE",
    form: {error: 'M', trend: 'M', season: 'N', seasonSteps: 1},
    parameters: [0.763510011348, 0.763509961932, 0, 1],
    level: 108.567960194,
    trend: 0.983719322327,
    seasons: [],
    deviance: 1160.30399329,
    ahead: [166.655275347, 169.226725368, 171.837852233, 174.489268145, 177.181594754],
  },
  {
    model: "model = 'MMN', damped = TRUE",
    form: {error: 'M', trend: 'Md', season: 'N', seasonSteps: 1},
    parameters: [0.999308622941, 0.000204263010705, 0, 0.979999977505],
    level: 106.462904286,
    trend: 1.00728125289,
    seasons: [],
    deviance: 1157.40432042,
    ahead: [164.312993754, 164.379267762, 164.444242224, 164.507942111, 164.57039194],
  },
  {
    model: "model = 'MMM', damped = FALSE",
    form: {error: 'M', trend: 'M', season: 'M', seasonSteps: 12},
    parameters: [0.0274320851982, 0.00603102292431, 0.794981311637, 1],
    level: 100.17635727,
    trend: 1.00495749143,
    seasons: [
      0.986226107768, 1.04566033147, 1.10270397536, 1.08507552788, 1.095028722, 1.03218914627, 0.996519678326,
      0.97137191999, 0.908640675056, 0.912150896627, 0.90956559559, 0.954867423664,
    ],
    deviance: 893.684528043,
    ahead: [172.931212746, 179.70277197, 181.924617681, 185.737625472, 181.938453261],
  },
  {
    model: "model = 'MMM', damped = TRUE",
    form: {error: 'M', trend: 'Md', season: 'M', seasonSteps: 12},
    parameters: [0.249368044877, 0.0177122312307, 0.000133937161993, 0.97997756228],
    level: 100.021793272,
    trend: 1.00585049639,
    seasons: [
      1.00295407714, 1.03677776778, 1.06619040366, 1.07679051684, 1.06911361537, 1.03738356169,
      0.994470731611, 0.961693356531, 0.936014279474, 0.922348072016, 0.936196578681, 0.960067039212,
    ],
    deviance: 926.688093549,
    ahead: [173.279333583, 179.609043714, 185.195718765, 187.523332852, 186.660617465],
  },
];

describe('exponential smoothing', () => {
  it.each(PEERS)('has the likelihood and forecasts of R: ets(y, $model)', (peer) => {
    const {form, level, trend, deviance, ahead} = peer;
    const [alpha, beta, gamma, phi] = peer.parameters;
    const seasons = form.season === 'N' ? neutralSeason(form) : Float64Array.from(peer.seasons);
    const state = {level, trend, seasons};
    const parameters = {alpha, beta, gamma, phi};
    expectClose([smooth(y, form, parameters, state)], [deviance], 1e-8);
    // With a damped trend and factors R adds phi + phi + phi^2 ..., against table 2.2: only its first step can be compared.
    const steps = phi < 1 && hasFactorSeason(form) ? 1 : 5;
    expectClose(project(form, parameters, state, steps), ahead.slice(0, steps), 1e-8);
  });

  it('has 19 forms with one season, those that R allows', () => {
    const names = admissibleForms([12]).map(({error, trend, season}) => error + trend + season);
    expect(names.toSorted()).toEqual(
      [
        ...['ANN', 'AAN', 'AAdN', 'ANA', 'AAA', 'AAdA'],
        ...['MNN', 'MAN', 'MAdN', 'MNA', 'MAA', 'MAdA', 'MNM', 'MAM', 'MAdM'],
        ...['MMN', 'MMdN', 'MMM', 'MMdM'],
      ].toSorted(),
    );
  });

  it('chooses as R does: ets(y, allow.multiplicative.trend = TRUE)$method is ETS(A,A,A)', () => {
    expect(chooseEts(y, [12])?.form).toMatchObject({error: 'A', trend: 'A', season: 'A'});
  });

  it('takes a multiplicative trend for what grows by a share, and none where a value is not positive', () => {
    const growing = Float64Array.from({length: 120}, (_, step) => {
      return 50 * 1.03 ** step * (1 + 0.02 * Math.sin(step * step));
    });
    const {form, parameters} = chooseEts(growing, []) ?? {};
    expect(form).toMatchObject({error: 'M', trend: 'M'});
    expect(parameters?.phi).toBe(1);
    const lower = growing.map((value) => value - 60);
    expect(chooseEts(lower, [])?.form.error).toBe('A');
    expect(chooseEts(lower, [])?.form.trend).not.toMatch(/M/);
  });
});
