// The edge of a laboratory can be told to have a sick D1 and objects that throw: what is shipped is wrapped, and stays
// as it is (test/edge/laboratory-worker.ts).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';
import * as z from 'zod';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import type { D1Illness } from '../support/sick-d1.ts';
import type { Build } from './copied-build.ts';
import type { LabProcess } from './lab-process.ts';

/** Puts the wrapper in front of the build's Worker. */
export const wrapEdge = async ({ workerDir }: Pick<Build, 'workerDir'>): Promise<void> => {
  await bundle({
    entryPoints: [join(packageRoot(), 'test', 'edge', 'laboratory-worker.ts')],
    outfile: join(workerDir, 'laboratory.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    plugins: [asBuilt],
    logLevel: 'warning',
  });
  const facts = join(workerDir, 'edge.json');
  const shipped = z.looseObject({ main: z.string() }).parse(JSON.parse(readFileSync(facts, 'utf8')));
  writeFileSync(facts, JSON.stringify({ ...shipped, main: 'laboratory.js' }));
};

/** The Worker's sources are what was built of them: its bundle exports the same names. */
const asBuilt: Plugin = {
  name: 'as built',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/worker\/(index|(host|account)\/object)\.ts$/ }, () => ({
      path: './index.js',
      external: true,
    }));
  },
};

type Binding = 'HOST' | 'ACCOUNT';
interface OneObject {
  of: Binding;
  name: string;
}

export interface Order {
  d1: D1Illness;
  /** Classes, or single objects, that throw at their start. */
  throwing: readonly (Binding | OneObject)[];
  /** Objects that end now, to be started again. */
  ending: readonly OneObject[];
}

const answer = z.object({ inVain: z.number().int(), thrown: z.number().int(), asked: z.array(z.string()) });
const none = { inVain: 0, thrown: 0 };

/**
 * Tells a wrapped edge how it is from now on; out: how often D1 was asked while it was sick, how often an object threw,
 * and the servers whose objects were asked for something since the last order.
 */
export const giveOrder = async (url: string, order: Order): Promise<z.infer<typeof answer>> => {
  const response = await fetch(`${url}/laboratory`, { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(`an order was answered ${response.status}: ${await response.text()}`);
  return answer.parse(await response.json());
};

export interface EdgeOrders {
  /** How its D1 is from now on, over its restarts too. */
  d1(illness: D1Illness): Promise<void>;
  /** Every object of these classes throws at its start from now on. Those of `ending` end, to be started again. */
  throwing(classes: readonly Binding[], ending?: readonly OneObject[]): Promise<void>;
  heal(): Promise<void>;
  /** How often D1 was asked while it was sick; what the edge had counted when it was killed is not in it. */
  askedInVain(): number;
  /** How often an object threw at its start, counted alike. */
  thrown(): number;
}

/**
 * Orders for `edge`, which survive its restarts: use the edge that is returned. One that is not wrapped (`wrapEdge`) is
 * as it was, and heeds no order.
 */
export const edgeOrders = <Edge extends LabProcess>(
  edge: Edge,
  url: string,
  isWrapped: boolean,
): { edge: Edge; orders: EdgeOrders } => {
  let d1: D1Illness = 'well';
  let classes: readonly Binding[] = [];
  let [earlier, now] = [none, none];

  const give = async (ending: readonly OneObject[] = []): Promise<void> => {
    if (!isWrapped) return;
    now = await giveOrder(url, { d1, throwing: classes, ending });
  };
  /** An edge that does not run is told as soon as it does; one that starts needs its D1 to be set up. */
  const tell = async (ending?: readonly OneObject[]): Promise<void> => {
    if (!edge.isRunning()) return;
    await give(ending).catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error; // It was killed meanwhile.
    });
  };

  const start = async (): Promise<void> => {
    await edge.start();
    [earlier, now] = [{ inVain: earlier.inVain + now.inVain, thrown: earlier.thrown + now.thrown }, none];
    await tell();
  };
  return {
    edge: { ...edge, start },
    orders: {
      d1: (illness) => {
        d1 = illness;
        return tell();
      },
      throwing: (of, ending) => {
        classes = of;
        return tell(ending);
      },
      heal: () => {
        [d1, classes] = ['well', []];
        return tell();
      },
      askedInVain: () => earlier.inVain + now.inVain,
      thrown: () => earlier.thrown + now.thrown,
    },
  };
};
