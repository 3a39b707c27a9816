/** The one file that knows comlink: calls between the page and its worker, which both take from here. */
export { expose, type Remote, transfer, wrap } from 'comlink';
