import {ordinaryDifferences, seasonalDifferences} from './difference-orders.js';
import {fitExactly} from './exact-fit.js';
import {applied, differencing} from './lag-polynomial.js';
import {leastSquares} from './least-squares.js';
import {carriedPoint, pointLength, polynomialsAt, type ArimaOrders} from './orders.js';
import {residualsInto} from './residuals.js';

/** A model with its point; `point` is in units of `scale`, the differenced series' deviation. */
export interface ArimaChoice {
  readonly orders: ArimaOrders;
  readonly point: Float64Array;
  readonly scale: number;
  /** Akaike's criterion with correction for few values: of the exact likelihood where `exactErrors` has one. */
  readonly aicc: number;
}

const MOST = {p: 5, q: 5, seasonalP: 2, seasonalQ: 2} as const;
const MOST_TOGETHER = 5;
const MOST_MODELS = 94;

/**
 * The ARIMA model of a series without gaps by the stepwise search of Hyndman and Khandakar 2008 (section 3.2): seasonal
 * differences by the strength of the season, ordinary ones by the KPSS test, then from four models to any better
 * neighbour until there is none. All candidates count the same errors, so that their AICc can be compared. The point of
 * the one found is then moved to the highest exact likelihood. Undefined when too few values are left. A constant
 * difference is a model without coefficients.
 */
export function chooseArima(values: Float64Array, seasonSteps: number): ArimaChoice | undefined {
  const seasonalD = seasonalDifferences(values, seasonSteps);
  const bySeason = applied(differencing(0, seasonalD, seasonSteps), values);
  const d = Math.min(ordinaryDifferences(bySeason), 2 - seasonalD);
  const differenced = applied(differencing(d, 0, 1), bySeason);
  if (differenced.length < 10) return undefined;
  const scale = deviation(differenced);
  const mayHaveConstant = d + seasonalD <= 1;
  const base = {d, seasonalD, seasonSteps: seasonSteps > 1 ? seasonSteps : 1};
  if (!(scale > 0)) return onlyMean(differenced, {...base, p: 0, q: 0, seasonalP: 0, seasonalQ: 0});
  const scaled = differenced.map((value) => value / scale);
  const found = walk(scaled, scale, {...base, mayHaveConstant});
  return found && refined(scaled, found);
}

function refined(scaled: Float64Array, choice: ArimaChoice): ArimaChoice {
  const exact = fitExactly(scaled, choice.orders, choice.point);
  if (!exact) return choice;
  const {point, deviance} = exact;
  return {...choice, point, aicc: deviance + penalty(scaled.length, point.length + 1)};
}

/** What AICc adds for k parameters. */
function penalty(count: number, k: number): number {
  return 2 * k + (2 * k * (k + 1)) / (count - k - 1);
}

type Counts = Pick<ArimaOrders, 'p' | 'q' | 'seasonalP' | 'seasonalQ'>;

function walk(
  scaled: Float64Array,
  scale: number,
  {
    mayHaveConstant,
    ...base
  }: Pick<ArimaOrders, 'd' | 'seasonalD' | 'seasonSteps'> & {
    readonly mayHaveConstant: boolean;
  },
): ArimaChoice | undefined {
  const isSeasonal = base.seasonSteps > 1;
  const skip = Math.min(MOST.p + (isSeasonal ? base.seasonSteps : 0), Math.floor(scaled.length / 4));
  const tried = new Set<string>();
  let best: ArimaChoice | undefined;
  const attempt = (orders: ArimaOrders): boolean => {
    const key = JSON.stringify(orders);
    if (tried.has(key) || tried.size >= MOST_MODELS || !isAllowed(orders, mayHaveConstant)) return false;
    tried.add(key);
    const from = best ?? {
      orders: {...orders, p: 0, q: 0, seasonalP: 0, seasonalQ: 0},
      point: new Float64Array(),
    };
    const next = fitOrders(scaled, orders, {
      scale,
      skip,
      start: carriedPoint(from.point, from.orders, orders),
    });
    if (next === undefined || !(next.aicc < (best?.aicc ?? Infinity))) return false;
    best = next;
    return true;
  };
  const start = (counts: Counts, constant = mayHaveConstant): boolean =>
    attempt({...base, ...counts, constant, ...(!isSeasonal && {seasonalP: 0, seasonalQ: 0})});
  start({p: 0, q: 0, seasonalP: 0, seasonalQ: 0});
  start({p: 1, q: 0, seasonalP: 1, seasonalQ: 0});
  start({p: 0, q: 1, seasonalP: 0, seasonalQ: 1});
  start({p: 2, q: 2, seasonalP: 1, seasonalQ: 1});
  start({p: 0, q: 0, seasonalP: 0, seasonalQ: 0}, false);
  for (;;) {
    const {orders}: {orders: ArimaOrders} = best ?? {
      orders: {...base, p: 0, q: 0, seasonalP: 0, seasonalQ: 0, constant: false},
    };
    if (!neighbours(orders).some(attempt)) return best;
  }
}

const MOVES: readonly Partial<Counts>[] = [
  {seasonalP: -1},
  {seasonalQ: -1},
  {seasonalP: 1},
  {seasonalQ: 1},
  {seasonalP: -1, seasonalQ: -1},
  {seasonalP: 1, seasonalQ: 1},
  {p: -1},
  {q: -1},
  {p: 1},
  {q: 1},
  {p: -1, q: -1},
  {p: 1, q: 1},
  {p: -1, q: 1},
  {p: 1, q: -1},
];

function neighbours(orders: ArimaOrders): readonly ArimaOrders[] {
  const moved = MOVES.map((move) => ({
    ...orders,
    p: orders.p + (move.p ?? 0),
    q: orders.q + (move.q ?? 0),
    seasonalP: orders.seasonalP + (move.seasonalP ?? 0),
    seasonalQ: orders.seasonalQ + (move.seasonalQ ?? 0),
  }));
  return [...moved, {...orders, constant: !orders.constant}];
}

function isAllowed(orders: ArimaOrders, mayHaveConstant: boolean): boolean {
  const {p, q, seasonalP, seasonalQ, seasonSteps, constant} = orders;
  const inBounds = Object.entries(MOST).every(([name, most]) => {
    const count = {p, q, seasonalP, seasonalQ}[name] ?? 0;
    return count >= 0 && count <= most;
  });
  const isSeasonal = seasonSteps > 1 || (seasonalP === 0 && seasonalQ === 0);
  return (
    inBounds && isSeasonal && p + q + seasonalP + seasonalQ <= MOST_TOGETHER && (mayHaveConstant || !constant)
  );
}

function fitOrders(
  scaled: Float64Array,
  orders: ArimaOrders,
  {scale, skip, start}: {readonly scale: number; readonly skip: number; readonly start: Float64Array},
): ArimaChoice | undefined {
  const counted = scaled.length - skip;
  const k = pointLength(orders) + 1;
  if (counted - k - 1 <= 0) return undefined;
  const errorsInto = (errors: Float64Array, point: Float64Array): void => {
    residualsInto(errors, scaled, polynomialsAt(point, orders));
  };
  const {point, squares} = leastSquares({errorsInto, rows: scaled.length, skip}, start);
  const deviance = counted * Math.log(Math.max(squares, Number.MIN_VALUE) / counted);
  return {orders, point, scale, aicc: deviance + penalty(counted, k)};
}

function onlyMean(differenced: Float64Array, orders: Omit<ArimaOrders, 'constant'>): ArimaChoice {
  const [value = 0] = differenced;
  const constant = value !== 0;
  return {
    orders: {...orders, constant},
    point: Float64Array.from(constant ? [1] : []),
    scale: constant ? value : 1,
    aicc: -Infinity,
  };
}

function deviation(values: Float64Array): number {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
}
