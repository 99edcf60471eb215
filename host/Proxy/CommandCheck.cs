using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Proxy;

/// <summary>The program of WORKER_LOCAL_CMD is there when triggers would run it.</summary>
internal sealed class CommandCheck(ProcessEnvironment environment, IOptions<ProxyOptions> options) : ISmokeCheck
{
    public string Name => "worker_command";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) => Task.FromResult(
        options.Value.Webhooks.Count == 0 && ArgumentList.Split(options.Value.WorkerLocalCommand) is [var program, ..] && !IsThere(program)
            ? $"The program {Errors.Quote(program)} of WORKER_LOCAL_CMD is not installed."
            : null);

    private bool IsThere(string program) => program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
        ? File.Exists(program)
        : (environment["PATH"] ?? string.Empty).Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
