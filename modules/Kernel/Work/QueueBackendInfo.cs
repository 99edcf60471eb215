using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>Which queue backend the host opened and what it can do.</summary>
/// <param name="Name">The value of <c>QUEUE_BACKEND</c>.</param>
public sealed record QueueBackendInfo(string Name, QueueCapabilities Capabilities);
