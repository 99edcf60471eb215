using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Refinery.Kernel.Web;

/// <summary>A request that checks its own values once its types are right.</summary>
public interface IChecked
{
    /// <summary>The first fault as one sentence that names the field, quotes the value and says what would be right; null when all is well.</summary>
    string? Fault();
}

/// <summary>A JSON request body, read strictly: malformed text, a wrong type, a missing member or a bad value is a 400 that names the field.</summary>
/// <remarks>An empty body counts as malformed unless the endpoint takes <c>Body&lt;T&gt;?</c>.</remarks>
public sealed class Body<T> : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
{
    private static readonly ConcurrentDictionary<ParameterInfo, bool> Optional = new();

    private Body(T value) => Value = value;

    /// <summary>The checked request.</summary>
    public T Value { get; }

    /// <summary>Called by the framework's binder.</summary>
    /// <exception cref="BodyException">The body is wrong; the error writer answers with its sentence.</exception>
    static async ValueTask<Body<T>?> IBindableFromHttpContext<Body<T>>.BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var bytes = await BodyReader.ReadAsync(context.Request, context.RequestAborted);
        if (bytes.Length == 0 && Optional.GetOrAdd(parameter, IsNullable))
        {
            return null;
        }

        return new Body<T>(Parse(bytes));
    }

    /// <summary>Tells OpenAPI what the body is.</summary>
    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), Optional.GetOrAdd(parameter, IsNullable)));

    private static bool IsNullable(ParameterInfo parameter) =>
        new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.Nullable;

    private static T Parse(Memory<byte> bytes)
    {
        var value = BodyReader.Parse<T>(bytes.Span);
        return (value as IChecked)?.Fault() is { } fault ? throw new BodyException(fault) : value;
    }
}

/// <summary>A request body is wrong; the message is the sentence the client is told.</summary>
public sealed class BodyException : Exception
{
    public BodyException()
    {
    }

    public BodyException(string message)
        : base(message)
    {
    }

    public BodyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>400, or 413 when the body is beyond its limit.</summary>
    public int Status { get; init; } = StatusCodes.Status400BadRequest;
}
