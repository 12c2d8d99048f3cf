import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {callForeshadow} from '../call-foreshadow.js';
import {configPath, readSettings} from '../command-settings.js';
import {commandShapes} from '../command-shapes.js';
import {asOfFlag, granularityFlag, needTopology, storeFlag, targetFlag, topologyFlag} from '../flags.js';
import {argumentsOfEntries, readConfigFile} from '../lib/configuration/index.js';
import {parseDurationSeconds, parseFlag} from '../lib/core/index.js';
import type {NightlySummary} from '../lib/workflows/run-nightly.js';

/** `foreshadow nightly` */
export default class NightlyCommand extends BaseCommand<typeof NightlyCommand> {
  static override summary =
    'The whole chain for every night: ingest, patterns, monitor, train, forecast, plan, gate, report';
  static override description =
    'Runs the commands that a person would run, with what foreshadow.yaml says of each, and keeps what they say in the ' +
    'folder --out. A step whose inputs did not change is passed over; a night that was killed goes on where it stopped; the ' +
    'same night again changes nothing. It ends with 4 when a check failed (plan infeasible, promise not kept, drift), ' +
    'and at once with the code of any other error. "foreshadow init" writes a foreshadow.yaml to begin with.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config fleet.yaml --detailed-exitcode --json',
    '<%= config.bin %> <%= command.id %> --challenger arima --challenger mstl-ets --retrain-after 14d',
  ];
  static override flags = {
    store: storeFlag,
    topology: topologyFlag,
    target: targetFlag,
    granularity: granularityFlag,
    model: Flags.string({summary: 'the model that is trained first', default: 'ets', helpValue: 'NAME'}),
    challenger: Flags.string({
      summary:
        'a model that forecasts beside it, and replaces it when monitor finds it better; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    'retrain-after': Flags.string({
      summary: 'how old a model may become; it is trained before when monitor finds drift',
      default: '7d',
      helpValue: 'DURATION',
    }),
    out: Flags.string({summary: 'folder of the results', default: 'nightly', helpValue: 'DIR'}),
    'detailed-exitcode': Flags.boolean({
      summary: 'exit with 7 when the plan has changes that --target does not hold yet',
    }),
    'as-of': asOfFlag,
  };

  protected override readonly graceAfterInterruptMs = 10_000;

  async run(): Promise<NightlySummary> {
    const {flags} = this;
    const path = configPath(this.argv);
    const commands = commandShapes(this.config);
    const file = path === undefined ? undefined : await readConfigFile(path, commands);
    const ingest = commands.find(({command}) => command === 'ingest');
    const environment: Record<string, string> = path === undefined ? {} : {FORESHADOW_CONFIG: path};
    const {runNightly} = await import('../lib/workflows/run-nightly.js');
    const {renderNight, renderStep} = await import('../views/nightly-view.js');
    const summary = await runNightly({
      storePath: flags.store,
      topologyPath: needTopology(flags.topology),
      ...{
        out: flags.out,
        target: flags.target ?? (await this.targetOfPlan(path)),
        granularity: flags.granularity,
        configPath: path,
      },
      ...{model: flags.model, challengers: flags.challenger ?? [], sources: file?.sources ?? []},
      retrainAfterSeconds: parseFlag('retrain-after', flags['retrain-after'], parseDurationSeconds, '7d'),
      asOfUs: flags['as-of'] === undefined ? undefined : this.nowUs(flags['as-of']),
      tool: this.tool,
      call: (argv) => callForeshadow(argv, {signal: this.signal, environment}),
      settingsOf: (argv) => readSettings(this.config, {...splitCommand(this.config.commandIDs, argv), path}),
      argumentsOf: ({entries}) => (ingest === undefined ? [] : argumentsOfEntries(ingest, entries)),
      signal: this.signal,
      onBegin: () => undefined,
      onEnd: (outcome) => {
        this.note(renderStep(outcome));
      },
    });
    this.print(await renderNight(summary));
    const isPending = summary.exitCode === 7;
    process.exitCode = isPending && !flags['detailed-exitcode'] ? 0 : summary.exitCode;
    return summary;
  }

  /** Where the target stands among the flags of `plan` in foreshadow.yaml, it is meant for the gate, too. */
  private async targetOfPlan(path: string | undefined): Promise<string | undefined> {
    const settings = await readSettings(this.config, {id: 'plan', argv: [], path});
    return settings.find((setting) => setting.startsWith('--target='))?.slice('--target='.length);
  }
}

/** The command that some words call, and the rest of them. */
function splitCommand(
  ids: readonly string[],
  argv: readonly string[],
): {readonly id: string; readonly argv: readonly string[]} {
  const [first = '', second = ''] = argv;
  const long = `${first}:${second}`;
  return ids.includes(long) ? {id: long, argv: argv.slice(2)} : {id: first, argv: argv.slice(1)};
}
