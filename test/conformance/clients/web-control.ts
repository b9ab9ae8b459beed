// The web app's control page: one mission in view, its chat kept by the stream, mended by `missions/:id` and `events`
// (contract §4.5).
import { changes } from './change.ts';
import { type WebMission, webMission, webRunning, webSent, webStored } from './models.ts';
import type { WebApp } from './web.ts';
import { afterEvent, type Data, fromHistory, fromStored, temporary, type WebItem } from './web-chat.ts';

export type ControlPage = Awaited<ReturnType<typeof openControlPage>>;

/** Phrases by which it takes an error for trouble of the connection (contract §4.4). */
const isConnectionTrouble = (message: string): boolean =>
  message.includes('Stream connection failed') || message.includes('Stream ended');

/** Opens `/control`, with `?mission=` when one is given, else with the current one. */
export const openControlPage = async (app: WebApp, wanted?: string) => {
  const { changed, until } = changes();
  const page = {
    viewed: null as WebMission | null,
    current: null as string | null,
    items: [] as WebItem[],
    connection: 'connecting' as 'connecting' | 'connected' | 'reconnecting' | 'failed',
    run: { state: 'idle', queueLength: 0, mission: null as string | null },
    progress: null as Data | null,
    toasts: [] as string[],
    /** Every event as it came, also those that the filter drops. */
    seen: [] as { name: string; data: Data }[],
  };
  let temporaries = 0;
  let mustRefetch = false;

  const show = (items: WebItem[]): void => {
    page.items = items;
    changed();
  };

  /** The chat from stored events, from the history where they fail. */
  const readChat = async (mission: WebMission): Promise<WebItem[]> => {
    const said = await app.call('GET', `/api/control/missions/${mission.id}/events`);
    if (said.status !== 200) return fromHistory(mission.history);
    return fromStored(webStored.array().parse(JSON.parse(said.text)));
  };

  const refetch = async (): Promise<void> => {
    if (!page.viewed) return;
    page.viewed = webMission.parse(await app.json('GET', `/api/control/missions/${page.viewed.id}`));
    show(await readChat(page.viewed));
  };

  const passes = (name: string, data: Data): boolean => {
    if (name === 'status' || page.viewed === null) return true;
    if (data.mission_id !== undefined) return data.mission_id === page.viewed.id;
    return page.viewed.id === page.current;
  };

  const onStatus = (data: Data): void => {
    page.connection = 'connected';
    stream.isAlive();
    const mission = typeof data.mission_id === 'string' ? data.mission_id : page.run.mission;
    page.run = { state: String(data.state), queueLength: Number(data.queue_len), mission };
    if (!mustRefetch) return;
    mustRefetch = false;
    void refetch();
  };

  const onEvent = (name: string, data: Data): void => {
    page.seen.push({ name, data });
    if (name === 'status') onStatus(data);
    else if (passes(name, data)) {
      if (name === 'error') page.toasts.push(String(data.message));
      if (name === 'error' && isConnectionTrouble(String(data.message))) stream.drop();
      else page.items = afterEvent(page.items, name, data);
      if (name === 'progress') page.progress = data;
      if (name === 'mission_status_changed' && page.viewed && data.mission_id === page.viewed.id)
        page.viewed = { ...page.viewed, status: String(data.status) };
    }
    changed();
  };

  const stream = app.openStream(onEvent, (status) => {
    // An HTTP error is shown and not tried again; an end and a network error are.
    page.connection = status === 200 || status === 0 ? 'reconnecting' : 'failed';
    mustRefetch = true;
    changed();
    return page.connection === 'reconnecting';
  });

  const view = async (mission: WebMission): Promise<void> => {
    page.viewed = mission;
    show(await readChat(mission));
  };
  /** Makes it the server's current mission too. */
  const load = async (id: string): Promise<WebMission> => {
    const mission = webMission.parse(await app.json('POST', `/api/control/missions/${id}/load`));
    page.current = mission.id;
    return mission;
  };
  const failed = (cause: unknown): void => {
    page.toasts.push(cause instanceof Error ? cause.message : String(cause));
    changed();
  };

  for (const path of [
    '/api/health',
    '/api/control/progress',
    '/api/providers',
    '/api/workspaces',
    '/api/library/commands',
    '/api/library/openagent/agents',
    '/api/library/openagent/config',
    '/api/desktop/sessions',
  ])
    await app.call('GET', path);
  const current = webMission.nullable().safeParse(await app.json('GET', '/api/control/missions/current').catch(failed));
  page.current = current.data?.id ?? null;
  const first = wanted ?? page.current;
  if (first) await load(first).then(view, failed);

  return {
    page,
    stream,
    until: <T>(what: string, read: (page_: typeof page) => T | undefined | null | false): Promise<T> =>
      until(
        what,
        () => read(page),
        () => ({ items: page.items, run: page.run, toasts: page.toasts }),
      ),
    refetch,
    /**
     * Types a text and sends it: `load`, the chat from its history, the typed message, then the call (contract §10.3
     * row 8).
     */
    send: async (typed: string, agent?: string): Promise<void> => {
      const content = typed.trim();
      try {
        if (!page.viewed) page.viewed = webMission.parse(await app.createMission());
        page.viewed = await load(page.viewed.id);
        temporaries += 1;
        const id = `${temporary}${temporaries}`;
        show([...fromHistory(page.viewed.history), { kind: 'user', id, content, queued: false }]);
        const body = { content, mission_id: page.viewed.id, ...(agent ? { agent } : {}) };
        const sent = webSent.parse(await app.json('POST', '/api/control/message', body));
        show(confirmed(page.items, id, sent));
      } catch (cause) {
        show(page.items.filter((item) => !(item.kind === 'user' && item.id.startsWith(temporary))));
        failed(cause);
      }
    },
    open: async (id: string): Promise<void> => {
      await load(id).then(view, failed);
    },
    cancel: async (): Promise<void> => {
      const path = page.viewed ? `/api/control/missions/${page.viewed.id}/cancel` : '/api/control/cancel';
      await app.json('POST', path).catch(failed);
    },
    resume: async (): Promise<void> => {
      const answer = await app.json('POST', `/api/control/missions/${page.viewed?.id}/resume`, {}).catch(failed);
      if (answer !== undefined) page.viewed = webMission.parse(answer);
    },
    setStatus: (status: string) => app.json('POST', `/api/control/missions/${page.viewed?.id}/status`, { status }),
    running: async () => webRunning.parse(await app.json('GET', '/api/control/running')),
    /** The strip above the input: messages flagged as queued. */
    strip: () => page.items.filter((item) => item.kind === 'user' && item.queued),
    removeFromQueue: (id: string) => app.json('DELETE', `/api/control/queue/${id}`),
    clearQueue: () => app.json('DELETE', '/api/control/queue'),
    answerTool: (tool_call_id: string, name: string, result: unknown) =>
      app.json('POST', '/api/control/tool_result', { tool_call_id, name, result }),
    close: (): void => stream.close(),
  };
};

/** The stream may have been faster: then the message is there under its own id. */
const confirmed = (items: WebItem[], typed: string, sent: { id: string; queued: boolean }): WebItem[] => {
  const isThere = items.some((item) => item.kind === 'user' && item.id === sent.id);
  if (isThere) return items.filter((item) => !(item.kind === 'user' && item.id === typed));
  return items.map((item) => (item.kind === 'user' && item.id === typed ? { ...item, ...sent } : item));
};
