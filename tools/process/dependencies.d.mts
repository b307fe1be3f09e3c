export declare class InstallError extends Error {}

export declare function ensureDependencies(clone: string, report: (line: string) => void): Promise<void>;

export declare function areDependenciesCurrent(clone: string): boolean;

export declare function explainFailure(output: string): string;
