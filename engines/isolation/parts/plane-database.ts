/** Where the plane writes down what it has claimed on a cell, in the collection `claims`. */
export const planeDatabase = 'tenure_cell';
