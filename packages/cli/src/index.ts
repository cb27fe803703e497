export type { FileLine, Host, OutputFile } from './host.ts'
export { addCommands, runProgram } from './program.ts'
export { reference } from './reference.ts'
