import type { KeyWrapper } from '@weightseal/core';

export declare function dataKeyInTheClear(name: string): KeyWrapper;
