namespace Refinery.Tests;

/// <summary>Tests that look at the whole process, at its meters or its memory: no other runs meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
