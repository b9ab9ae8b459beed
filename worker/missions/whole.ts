import type { HistoryEntry, MissionJson } from '../../shared/api.ts';
import { heldJson } from '../account/held-json.ts';
import type { HistoryPage, MissionPage } from '../host/replies.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import type { Context } from '../http/context.ts';

/** A mission without what its object says of the page. */
export const withoutPage = ({ total: _total, more: _more, ...mission }: MissionPage): MissionJson => mission;

/**
 * A mission with its whole conversation, as clients get it that name no part: of a long one the object gives a page
 * after the other, each when its reader has taken the one before, so that nobody holds all of it. `wire` makes of the
 * mission what is answered.
 */
export const wholeMission = async (
  c: Context,
  host: string,
  found: MissionPage,
  wire: (mission: MissionJson) => MissionJson,
): Promise<MissionJson | Response> =>
  found.more === null
    ? wire(withoutPage(found))
    : heldJson(c, missionText(wire({ ...withoutPage(found), history: [] }), pages(c, host, found)));

/** The pieces of its JSON, with the conversation at the end. */
async function* missionText(
  { history: _none, ...mission }: MissionJson,
  pages: AsyncGenerator<HistoryEntry[]>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(mission).slice(0, -1)},"history":[`;
  let separator = '';
  for await (const entries of pages) {
    for (const entry of entries) {
      yield separator + JSON.stringify(entry);
      separator = ',';
    }
  }
  yield ']}';
}

async function* pages(c: Context, host: string, first: MissionPage): AsyncGenerator<HistoryEntry[]> {
  const owner = c.get('principal').user.id;
  yield first.history;
  for (let { more } = first; more !== null; ) {
    const page: HistoryPage = { offset: more, limit: Number.MAX_SAFE_INTEGER };
    const next: MissionPage = unwrap(await callObject(c.env, host, (object) => object.mission(owner, first.id, page)));
    yield next.history;
    more = next.more;
  }
}
