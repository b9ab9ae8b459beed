/** What a call looks like is drawn by clients, so both sides of the link know it. */
export { maxViewBytes, type View, view } from '../../../shared/tool-view.ts';
