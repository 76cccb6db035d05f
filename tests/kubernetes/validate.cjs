// Reads an array of manifests as JSON; writes what Kubernetes' own schemas say against each, a line a fault. What no
// schema has looked at is a property that there is not.
"use strict";

function watched(value, path, watches) {
    if (value === null || typeof value !== "object")
        return value;
    const seen = new Set(), inner = new Map();
    watches.push({value, path, seen});
    return new Proxy(value, {
        get(target, name) {
            seen.add(name);
            if (!Object.prototype.hasOwnProperty.call(target, name))
                return target[name];
            if (!inner.has(name))
                inner.set(name, watched(target[name], `${path}/${String(name)}`, watches));
            return inner.get(name);
        },
    });
}

function faults(manifest) {
    const {[manifest.kind]: Model} = require(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`);
    const watches = [];
    const model = watched(new Model(manifest), "", watches);
    try {
        model.validate();
    } catch (error) {
        return [error.message];
    }
    return watches.flatMap(({value, path, seen}) => Object.keys(value).filter((name) => !seen.has(name))
        .map((name) => `${path}/${name}: there is no such property`));
}

const manifests = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const manifest of manifests)
    for (const fault of faults(manifest))
        console.log(`${manifest.kind} ${manifest.metadata.name}: ${fault}`);
