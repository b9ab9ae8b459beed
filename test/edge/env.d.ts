import type { Account } from '../../worker/account/object.ts';
import type { Bindings } from '../../worker/env.ts';
import type { Host } from '../../worker/host/object.ts';

declare global {
  /** Vite's, for tests that look at files: workerd has no file system. */
  interface ImportMeta {
    glob(pattern: string, options: { query: '?raw' }): Record<string, unknown>;
  }
  namespace Cloudflare {
    /** What `env` of `cloudflare:workers` holds in these tests: the bindings of wrangler.toml. */
    interface Env extends Bindings {
      HOST: DurableObjectNamespace<Host>;
      ACCOUNT: DurableObjectNamespace<Account>;
    }
    interface GlobalProps {
      mainModule: typeof import('./worker.ts');
    }
  }
}
