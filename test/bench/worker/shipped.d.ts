/** The built Worker, put beside the bench's own entry by bundle.ts. */
import { DurableObject } from 'cloudflare:workers';

export class Account extends DurableObject<object> {}
export class Host extends DurableObject<object> {}
export class Relay extends DurableObject<object> {}
declare const worker: { fetch(request: Request, env: object, ctx: ExecutionContext): Promise<Response> };
export default worker;
