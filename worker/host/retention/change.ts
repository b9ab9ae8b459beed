import { mostMissionRules, type RetentionChange } from '../../../shared/retention.ts';
import type { HostContext } from '../context.ts';
import { getMission } from '../missions/missions.ts';
import { type Done, done } from '../record/change.ts';
import { refuse, reply } from '../replies.ts';
import { missionRules, ruleSet, setRule, wholeServer } from './rules.ts';
import { lookAgain } from './wait.ts';

/** Sets what is kept for how long: of the server, or of one mission, whose own rule goes before the server's. */
export const changeRetention = (host: HostContext, change: RetentionChange): Done<null> => {
  const { sql } = host;
  const { mission = wholeServer, days = null, bytes = null, inherit = false } = change;
  if (mission !== wholeServer) {
    const known = getMission(sql, mission);
    if (!known || known.deleted_at !== null) return done(refuse('not_found', `Mission ${mission} not found`));
    if (!inherit && ruleSet(sql, mission) === undefined && missionRules(sql).length >= mostMissionRules)
      return done(refuse('too_many', tooManyText));
  }
  setRule(sql, mission, inherit ? null : { days, bytes });
  lookAgain(sql);
  return done(reply(null));
};

const tooManyText = `${mostMissionRules} missions of this server have a rule of their own, which is the most: take some back (inherit), or set the rule of the server.`;
