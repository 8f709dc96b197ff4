// The part of write-file-atomic 7 that is used; the package ships no types.
declare module 'write-file-atomic' {
  interface Options {
    /** Permissions of the file; by default those of the file that is replaced. */
    mode?: number;
    /** Called with the path of the temporary file after it was created and before it is flushed and renamed. */
    tmpfileCreated?: (path: string) => Promise<void> | void;
  }
  export default function writeFileAtomic(file: string, data: string, options?: Options): Promise<void>;
}
