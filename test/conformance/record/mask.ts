// What differs between two runs of the same version gets a name: the first id that is seen is id1, in both.
import { stack } from '../stage.ts';

/** Numbers that are of this machine or this minute, by their names in JSON. */
const measured = [
  ...['exp', 'iat', 'mtime', 'size_bytes', 'file_count', 'timestamp_ms', 'seconds_since_activity', 'total_lines', 'at'],
  ...['memory_used', 'memory_total', 'memory_percent', 'cpu_percent', 'network_rx_bytes_per_sec'],
  ...['network_tx_bytes_per_sec'],
].join('|');

const nil = '00000000-0000-0000-0000-000000000000';
const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

export type Masking = ReturnType<typeof newMasking>;

/** Names of its own, counted from 1. */
export const newMasking = () => {
  const names = new Map<string, string>();
  const named = (kind: string, value: string): string => {
    const key = `${kind} ${value.toLowerCase()}`;
    const name =
      names.get(key) ?? `<${kind}${[...names.keys()].filter((each) => each.startsWith(`${kind} `)).length + 1}>`;
    names.set(key, name);
    return value === value.toUpperCase() && value !== value.toLowerCase() ? name.toUpperCase() : name;
  };

  return (text: string): string =>
    text
      .replaceAll(/eyJ[\w-]+\.[\w-]+(\.[\w-]+)?/g, '<token>')
      .replaceAll(encodeURIComponent(stack().workingDir), '<directory>')
      .replaceAll(stack().workingDir, '<directory>')
      .replaceAll(process.cwd(), '<package>')
      .replaceAll(/\b(127\.0\.0\.1|localhost)(:|%3A)\d+/g, '$1$2<port>')
      .replaceAll(uuids, (id) => (id === nil ? id : named('id', id)))
      .replaceAll(/mission-([0-9a-f]{8})\b/g, (_, short: string) => `mission-${named('short', short)}`)
      .replaceAll(/\b(ses|msg|prt|per|que|evt)_[0-9A-Za-z]{20,}/g, (id, kind: string) =>
        id.startsWith('per_000') ? id : `${kind}_${named(kind, id)}`,
      )
      .replaceAll(/\d{4}-\d\d-\d\d(T| )\d\d:\d\d:\d\d/g, '0000-00-00$100:00:00')
      .replaceAll(/(0000-00-00T00:00:00\.)\d+/g, (_, head: string) => `${head}000`)
      .replaceAll(/\d\d:\d\d:\d\d UTC/g, '00:00:00 UTC')
      .replaceAll(/again in \d+ s\b/g, 'again in 0 s')
      .replaceAll(/\(ref [0-9a-f]{8}\)/g, '(ref 00000000)')
      .replaceAll(/\b([0-9A-Z]{4}-){4}[0-9A-Z]{4}\b/g, '<code>')
      .replaceAll(/----+formdata-[\w-]+/g, '<boundary>')
      .replaceAll(new RegExp(`"(${measured})":(-?\\d+)(\\.\\d+)?`, 'g'), '"$1":0')
      // A server is live until a minute after its last work.
      .replaceAll(/"live":(true|false)/g, '"live":"?"')
      .replaceAll(/"cpu_cores":\[[^\]]*\]/g, '"cpu_cores":[]');
};
