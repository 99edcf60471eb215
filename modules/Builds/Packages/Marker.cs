namespace Refinery.Builds.Packages;

/// <summary>A condition on the interpreter behind a requirement, such as <c>python_version &lt; "3.8"</c>.</summary>
/// <remarks>Source: PEP 508, "Environment markers".</remarks>
internal abstract record Marker
{
    /// <exception cref="FormatException">The text is no marker; the message is one sentence.</exception>
    public static Marker Parse(string text) => MarkerParser.Read(text);

    /// <summary>Whether the condition holds.</summary>
    /// <param name="extra">The extra asked for, compared normalised; null means none is.</param>
    public abstract bool IsTrue(InterpreterInfo interpreter, string? extra = null);
}

/// <summary>Both conditions.</summary>
internal sealed record MarkerAnd(Marker Left, Marker Right) : Marker
{
    public override bool IsTrue(InterpreterInfo interpreter, string? extra = null) => Left.IsTrue(interpreter, extra) && Right.IsTrue(interpreter, extra);
}

/// <summary>One of the conditions at least.</summary>
internal sealed record MarkerOr(Marker Left, Marker Right) : Marker
{
    public override bool IsTrue(InterpreterInfo interpreter, string? extra = null) => Left.IsTrue(interpreter, extra) || Right.IsTrue(interpreter, extra);
}

/// <summary>A name of the environment or a quoted text.</summary>
internal sealed record MarkerValue(string Text, bool IsName)
{
    public string In(InterpreterInfo interpreter, string? extra) => (IsName, Text) switch
    {
        (false, _) => Text,
        (_, "extra") => extra ?? "",
        _ => interpreter.Markers.GetValueOrDefault(Text, ""),
    };
}
