import { join } from 'node:path';
import { readSettings, type Settings } from '../config/settings.ts';
import { containmentMeans } from '../process/means.ts';
import type { HeadStart } from './ahead/head-start.ts';
import { keepForNext } from './ahead/kept.ts';
import { workerdProcess } from './edge/edge.ts';
import { edgeConfigText, hasEdgeFiles, writeEdgeFiles } from './edge/files.ts';
import { edgeUserOf, workerdBinary } from './edge/workerd.ts';
import { packageRoot } from './package-root.ts';
import { drawInternalToken } from './state/edge-secrets.ts';
import { prepareStartWithEdge, type StartWithEdge } from './state/start.ts';
import { runSystem } from './system.ts';

/**
 * `openagent up`: the built Worker under workerd, the built host-agent, OpenCode. Resolves once it was stopped.
 * `ahead`: an edge that was begun before; `fingerprint`: what a next start has to be like to begin so.
 */
export const up = (environment: NodeJS.ProcessEnv, fingerprint?: string, ahead?: HeadStart): Promise<void> => {
  void containmentMeans(); // The start asks for it; meanwhile it finds out.
  const settings = readSettings(environment);
  const bundle = join(packageRoot(), 'dist', 'worker');
  return runSystem({
    isEdgeQuick: true,
    agentScript: process.argv[1] ?? '',
    prepare: () => prepare(settings, ahead),
    edgeProcess: async (start) => {
      if (ahead?.serves(settings) && ahead.user === edgeUserOf(start) && (await hasEdgeFiles(bundle, start))) {
        start.log.info('edge.begun-ahead', { pid: ahead.edge.pid });
        return { ...workerdProcess(start.settings.files.edgeConfig, start), begun: ahead.edge };
      }
      await ahead?.edge.stop(); // It was begun with something else.
      return workerdProcess(await writeEdgeFiles(bundle, start), start);
    },
    onReady: (start) => keep(bundle, start, fingerprint),
  });
};

const prepare = async (settings: Settings, ahead?: HeadStart): Promise<StartWithEdge> => {
  if (!ahead) return prepareStartWithEdge(settings);
  const { lock, internalToken } = ahead;
  const port = ahead.serves(settings) ? ahead.port : undefined;
  if (port === undefined) await ahead.edge.stop();
  return prepareStartWithEdge(settings, { lock, internalToken, port });
};

/** A start that is not to be had again, or can't be kept, leaves the next one nothing. */
const keep = async (bundle: string, start: StartWithEdge, fingerprint?: string): Promise<void> => {
  if (fingerprint === undefined || !start.means.setpriv) return;
  const internalToken = drawInternalToken();
  const config = edgeConfigText(bundle, { ...start, secrets: { ...start.secrets, internalToken } });
  const { host, port, files } = start.settings;
  const user = edgeUserOf(start);
  await keepForNext(files, fingerprint, { host, port, command: workerdBinary(), user, config, internalToken }).catch(
    (error: unknown) =>
      start.log.warn('next-start.not-kept', { reason: error instanceof Error ? error : new Error(String(error)) }),
  );
};
