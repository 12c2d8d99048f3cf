/**
 * A store's name as it is; for one in ClickHouse the store is told first who we are there, which only the environment
 * says (FORESHADOW_CLICKHOUSE_USER and _PASSWORD), and where state is kept (FORESHADOW_STATE).
 */
export async function tellStoreAccess(name: string): Promise<string> {
  if (!name.startsWith('clickhouse://')) return name;
  const {setStoreAccess} = await import('./lib/shadow-store/index.js');
  const {FORESHADOW_CLICKHOUSE_USER: user, FORESHADOW_CLICKHOUSE_PASSWORD: password} = process.env;
  const stateFolder = process.env['FORESHADOW_STATE'] ?? '.foreshadow';
  setStoreAccess({user, password, stateFolder});
  return name;
}
