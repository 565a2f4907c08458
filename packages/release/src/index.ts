export type { Statement } from './statement.js';
