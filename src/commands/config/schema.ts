import {BaseCommand} from '../../base-command.js';
import {commandShapes} from '../../command-shapes.js';
import {configSchema} from '../../lib/configuration/index.js';

/** `foreshadow config schema` */
export default class ConfigSchemaCommand extends BaseCommand<typeof ConfigSchemaCommand> {
  static override summary = 'Print the JSON Schema of foreshadow.yaml, for editors';
  static override examples = ['<%= config.bin %> <%= command.id %> > foreshadow.schema.json'];

  protected override readonly heedsConfigFile = false;

  run(): Promise<object> {
    const schema = configSchema(commandShapes(this.config));
    this.print(JSON.stringify(schema, undefined, 2));
    return Promise.resolve(schema);
  }
}
