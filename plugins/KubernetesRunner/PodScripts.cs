namespace Refinery.KubernetesRunner;

/// <summary>What runs in the pod beside the build: programs for <c>python3 -I -c</c>, which every build image has.</summary>
internal static class PodScripts
{
    /// <summary>Fetches the source archive. Arguments: address, digest, file.</summary>
    public const string Fetch =
        """
        import hashlib, os, sys, urllib.request
        url, digest, path = sys.argv[1:]
        token = os.environ.get("REFINERY_TOKEN")
        request = urllib.request.Request(url, headers={"X-Worker-Token": token} if token else {})
        found = hashlib.sha256()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with urllib.request.urlopen(request, timeout=60) as answer, open(path, "wb") as file:
            while chunk := answer.read(1 << 20):
                found.update(chunk)
                file.write(chunk)
        if found.hexdigest() != digest:
            sys.exit(f"{url} has the digest {found.hexdigest()}")
        """;

    /// <summary>Runs a build's commands one after the other and stops at the first that fails. Arguments: the commands as JSON, and folders that PATH gets first.</summary>
    /// <remarks>
    /// It is the container's first process, to which a signal without a handler is never delivered. Both outputs are one stream, as the instants of two are in no order.
    /// </remarks>
    public const string Build =
        """
        import json, os, signal, subprocess, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        os.environ["PATH"] = os.pathsep.join([*sys.argv[2:], os.environ.get("PATH", os.defpath)])
        for command in json.loads(sys.argv[1]):
            if code := subprocess.call(command, stderr=subprocess.STDOUT):
                sys.exit(code if code > 0 else 128 - code)
        """;

    /// <summary>Stores the wheel and reports it. Arguments: address without the digest, folder, file for the report.</summary>
    /// <remarks>No link is followed and nothing but a plain file is read: what was built may try to have this container's token sent instead.</remarks>
    public const string Store =
        """
        import hashlib, json, os, stat, sys, urllib.request
        url, folder, report = sys.argv[1:]
        def find():
            try:
                place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                names = [name for name in os.listdir(place) if name.endswith(".whl") and name.isascii()]
                if len(names) == 1:
                    file = open(os.open(names[0], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place), "rb")
                    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        return names[0], file
            except OSError:
                pass
            return None, None
        def tell(facts):
            with open(report, "w") as file:
                json.dump(facts, file)
        name, wheel = find()
        if not wheel:
            tell({})
            sys.exit()
        digest, size = hashlib.sha256(), 0
        while chunk := wheel.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
        wheel.seek(0)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        if token := os.environ.get("REFINERY_TOKEN"):
            headers["X-Worker-Token"] = token
        request = urllib.request.Request(url + digest.hexdigest(), data=wheel, headers=headers, method="PUT")
        urllib.request.urlopen(request, timeout=600).close()
        tell({"file_name": name, "sha256": digest.hexdigest(), "size_bytes": size})
        """;
}
