import {type CompiledTopology, createWholePlacer, type ScenarioNet} from '../allocation/index.js';
import {createPlacer, type Placer} from './place-demand.js';

/**
 * Places whole volumes of one scenario, time after time, or with `inBytes` as if they could be cut into bytes. What volumes cut into bytes leave is a lower bound; only where they leave nothing whole ones are placed. A placement of
 * whole ones that still fits leaves nothing either way.
 */
export function createScenarioPlacer(compiled: CompiledTopology, net: ScenarioNet, inBytes: boolean): Placer {
  const placer = createPlacer(net);
  if (inBytes) return placer;
  const whole = createWholePlacer(compiled, net);
  return {
    stillFits: (demand, hostBytes) => whole.stillFits(demand, hostBytes),
    shortfall: (demand, hostBytes) => {
      if (whole.stillFits(demand, hostBytes)) return undefined;
      const cut = placer.shortfall(demand, hostBytes);
      if (cut !== undefined) return cut;
      const left = whole.leftOver(demand, hostBytes);
      return left.copies === 0 ? undefined : {stuckBytes: left.bytes, volumes: left.copies};
    },
  };
}
