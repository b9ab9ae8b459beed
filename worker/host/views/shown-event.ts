/** One event of the contract's stream (§4.2), before it is encoded. */
export interface ShownEvent {
  name: string;
  data: Record<string, unknown>;
}
