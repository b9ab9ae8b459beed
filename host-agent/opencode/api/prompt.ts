/** The model of a prompt, as OpenCode names it. */
export interface Model {
  providerID: string;
  modelID: string;
}

/** What a prompt may have behind its text. */
export type PromptPart =
  | { type: 'text'; id: string; text: string; synthetic: true }
  | { type: 'file'; id: string; mime: string; filename: string; url: string };

/** What OpenCode is sent for a message. The ids are ours (prompt-ids.ts). */
export interface Prompt {
  messageID: string;
  partID: string;
  text: string;
  more: readonly PromptPart[];
  agent: string;
  model: Model;
}
