import {describe, it} from 'vitest';

import {levelStatistic} from '../../src/lib/forecasting/arima/difference-orders.js';
import {applied, everyLag} from '../../src/lib/forecasting/arima/lag-polynomial.js';
import {leastSquares} from '../../src/lib/forecasting/arima/least-squares.js';
import {polynomialsAt, type ArimaOrders} from '../../src/lib/forecasting/arima/orders.js';
import {projectArima} from '../../src/lib/forecasting/arima/project.js';
import {residualsInto} from '../../src/lib/forecasting/arima/residuals.js';
import {forecastModel} from '../../src/lib/forecasting/index.js';
import {mstl} from '../../src/lib/forecasting/stl/mstl.js';
import {stl} from '../../src/lib/forecasting/stl/stl.js';
import {expectClose, fitOptions, seriesOf} from './builders.js';

// Values of R 4.2.2 with forecast 8.20 and urca, made by
//   t <- 0:143; y <- 100 + 0.5*t + 10*sin(2*pi*t/12) + 5*(((t*7919) %% 101)/101 - .5)
const y = Float64Array.from({length: 144}, (_, t) => {
  return 100 + 0.5 * t + 10 * Math.sin((2 * Math.PI * t) / 12) + 5 * (((t * 7919) % 101) / 101 - 0.5);
});
const differences = applied(everyLag([1]), y);

function at(values: Float64Array, oneBased: readonly number[]): readonly number[] {
  return oneBased.map((index) => values[index - 1] ?? Number.NaN);
}

describe('the same numbers as R', () => {
  it('theta: thetaf(ts(y, frequency = 12), h = 14)', async () => {
    const fitted = await forecastModel('theta').fit([seriesOf(y)], fitOptions({seasonSteps: [12]}));
    const [path = []] = await fitted.predict([seriesOf(y)], 14);
    expectClose(
      path,
      [
        173.070792, 178.789949, 184.077391, 186.310974, 184.480062, 180.373651, 173.532071, 168.013851,
        163.060348, 161.2315, 163.582216, 168.346195, 176.096413, 181.911005,
      ],
      1e-4,
    );
  });

  it('STL: stl(ts(y, frequency = 12), s.window = 11)', () => {
    const places = [1, 2, 3, 70, 71, 142, 143, 144];
    const {season, trend} = stl(y, 12, 11);
    expectClose(
      at(season, places),
      [-0.0641627111, 4.56169449, 8.68987995, -10.2313427, -8.89574352, -10.0068185, -8.5194145, -5.26686766],
      1e-6,
    );
    expectClose(
      at(trend, places),
      [99.2876235, 99.8434868, 100.39935, 134.330875, 134.783468, 169.95927, 170.357157, 170.755044],
      1e-8,
    );
  });

  it('MSTL: mstl(msts(y, c(6, 24)))', () => {
    const places = [1, 2, 70, 143, 144];
    const {seasons} = mstl(y, [6, 24]);
    expectClose(
      at(seasons[0] ?? new Float64Array(), places),
      [-0.336638904, -0.143854764, -0.330708128, 0.0968561253, -0.114023037],
      1e-6,
    );
    expectClose(
      at(seasons[1] ?? new Float64Array(), places),
      [-0.341282298, 4.52497276, -10.1087426, -7.738571, -5.13408741],
      1e-6,
    );
  });

  it('KPSS: ur.kpss(x, type = "mu", use.lag = trunc(3 * sqrt(length(x)) / 13)) of y and diff(y)', () => {
    expectClose([levelStatistic(y), levelStatistic(differences)], [4.45515478, 0.015626447], 1e-7);
  });

  describe('arima(diff(y), order = c(2, 0, 0), method = "CSS", n.cond = 5)', () => {
    const orders: ArimaOrders = {
      ...{p: 2, d: 0, q: 0, seasonalP: 0, seasonalD: 0, seasonalQ: 0, seasonSteps: 1, constant: true},
    };
    function coefficients(constant: boolean): {point: Float64Array; values: readonly number[]} {
      const own = {...orders, constant};
      const {point} = leastSquares(
        {
          errorsInto: (errors, candidate) => {
            residualsInto(errors, differences, polynomialsAt(candidate, own));
          },
          rows: differences.length,
          skip: 5,
        },
        new Float64Array(constant ? 3 : 2),
      );
      const {ar, mean} = polynomialsAt(point, own);
      return {point, values: [...ar.coefficients, ...(constant ? [mean] : [])]};
    }

    it('finds the coefficients, without and with a mean', () => {
      expectClose(coefficients(false).values, [0.26929864, 0.31097965], 1e-4);
      expectClose(coefficients(true).values, [0.26619124, 0.30823612, 0.51421669], 1e-3);
    });

    it('foresees the same: predict(..., n.ahead = 5)', () => {
      const path = projectArima(differences, {orders, point: coefficients(true).point, scale: 1}, 5);
      expectClose(path, [1.7282966, 1.0456817, 1.0299113, 0.81530679, 0.75331994], 1e-3);
    });
  });
});
