/** `config_invalid`: an option cannot work; the message names it. */
export type AgentErrorCode = 'config_invalid';

export class AgentError extends Error {
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgentError';
    this.code = code;
  }
}
