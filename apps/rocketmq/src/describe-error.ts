import { UserError } from './user-error.ts'

/** Names of errors whose message is written for the user. An error from another thread has lost its class. */
const speakingErrors = new Set([
  'UserError',
  'SettingsError',
  'StoreLockedError',
  'StoreLayoutError',
  'SegmentSizeError',
  'QueueFileError',
  'LostMessagesError',
  'DamagedFileError',
])

/** What the user reads about an error: the message when it is written for the user, otherwise stack and causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (speakingErrors.has(error.name)) return error.message
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`
  return (error.stack ?? `${error.name}: ${error.message}`) + cause
}

/** How a server was started, for explaining why that failed. */
export interface StartContext {
  /** The server that wants the ports: `broker-a`; undefined when the process has one server. */
  readonly owner?: string
  readonly listenPort: number
  /** How to choose another port: `choose another with -p`. */
  readonly portAdvice: string
  /** How to choose another address to listen at. */
  readonly hostAdvice: string
  /** The folder of its files. */
  readonly folder: string
  /** How to choose another place for the files. */
  readonly folderAdvice: string
}

/**
 * Explains a failed start, when the user can fix the cause: a port, an address, a file or folder. Other errors are
 * returned as they are.
 */
export function explainStartError(error: unknown, context: StartContext): unknown {
  if (!(error instanceof Error)) return error
  const text = explainNetworkError(error, context) ?? explainFileError(error, context)
  return text === undefined ? error : new UserError(text, { cause: error })
}

/** Node's errors of sockets have more fields than their type says. */
interface NetworkError extends NodeJS.ErrnoException {
  address?: string
  port?: number
  hostname?: string
}

function explainNetworkError(error: NetworkError, context: StartContext): string | undefined {
  const { code, syscall, address = '', port, hostname } = error
  if (syscall === 'getaddrinfo') return `${hostname} is not known as a name of this machine; ${context.hostAdvice}`
  if (syscall !== 'listen' && syscall !== 'bind') return undefined
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine; ${context.hostAdvice}`
  const reason = portReasons[code ?? '']
  if (reason === undefined || port === undefined) return undefined
  const { owner, listenPort, portAdvice } = context
  const isSecond = listenPort !== 0 && port !== listenPort
  if (isSecond) {
    return `port ${port} ${reason}; ${owner} needs it as well as port ${listenPort}, for older clients: ${portAdvice}`
  }
  return `port ${port} ${reason}; ${owner === undefined ? '' : `it is for ${owner}: `}${portAdvice}`
}

const portReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be opened by this user (ports below 1024 are for administrators)',
}

const fileReasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  EROFS: 'the disk can only be read',
  ENOSPC: 'the disk is full: free space there',
  EDQUOT: 'the space that this user may take on the disk is used up',
  EEXIST: 'there is something else of that name',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'there is no such file',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'it is a link to itself',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'the system has too many files open',
  EIO: 'the disk has failed',
}

const networkCalls = new Set(['accept', 'bind', 'connect', 'getaddrinfo', 'listen'])

const fileActions: Readonly<Record<string, string>> = {
  mkdir: 'make the folder',
  open: 'open',
  scandir: 'read the folder',
  read: 'read',
  write: 'write to',
  ftruncate: 'write to',
  rename: 'rename',
  unlink: 'delete',
}

/** Why the file system failed, in words. */
export function fileReason({ code = '', message }: NodeJS.ErrnoException): string {
  return fileReasons[code] ?? message
}

/** A sentence about an error of the file system, or undefined for other errors. */
function explainFileError(error: NodeJS.ErrnoException, { folder, folderAdvice }: StartContext): string | undefined {
  const { code = '', syscall = '', path } = error
  // Node reports ENOENT when a folder cannot be made, for example on a read-only disk.
  const isFolderRefused = syscall === 'mkdir' && code === 'ENOENT'
  const reason = isFolderRefused ? 'the folder above it is missing or can only be read' : fileReasons[code]
  if (reason === undefined || syscall === '' || networkCalls.has(syscall)) return undefined
  const action = fileActions[syscall] ?? `use (${syscall})`
  // An error of an open file does not name the file.
  return `cannot ${action} ${path ?? `a file in ${folder}`}: ${reason}; ${folderAdvice}`
}
